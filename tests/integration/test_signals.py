# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Signals and deaths, of the profiler and of its target, at any time: what was sampled is written, the
target of `attach` goes on, and nothing stays in the kernel. (Signals to `run`: test_run.py.)"""

import os
import signal
import subprocess
import time

import pytest

from processes import wait_until
from profiled import Recording, check_nothing_left, programs_of_profilers
from results import Counts, collapsed
from shares import expect
from tree import VERSIONS

# Ends when it is told to, with the status that it is told.
BUSY = """
import os, sys
def busy():
    for i in range(1000):
        i * i
def main():
    while not os.path.exists(sys.argv[1]):
        busy()
print("ready", flush=True)
main()
sys.exit(3)
"""


@pytest.fixture
def end_file(lab_dir):
    return lab_dir / "end"


@pytest.fixture
def target(lab_python, end_file):
    target = lab_python(VERSIONS[-1], BUSY, end_file)
    target.wait_line()
    return target


def check_runs(target):
    """It is alive, and not only as a corpse or a captive."""
    assert target.poll() is None
    with open(f"/proc/{target.pid}/status", encoding="utf-8") as status:
        assert "\nTracerPid:\t0\n" in status.read()
    before = cpu_s(target)
    wait_until(lambda: cpu_s(target) > before + 0.05, what="the target's progress")


def cpu_s(target):
    with open(f"/proc/{target.pid}/schedstat", encoding="utf-8") as stat:
        return int(stat.read().split()[0]) / 1e9


def check_profile(profile):
    assert profile.counts.failed == {}
    expect(profile.functions()["busy"] > 0.5 * profile.counts.status["SAMPLED"] > 20, profile.functions())


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_sampling(tachyon, target, tmp_path, sig):
    with Recording(tachyon, tmp_path, "attach", target.pid) as recording:
        recording.wait_sampling()
        time.sleep(0.3)
        recording.process.send_signal(sig)
        profile = recording.profile()
    check_profile(profile)
    assert profile.stdout.startswith("Interrupted by user.\nCaptured ")
    check_runs(target)
    check_nothing_left()


@pytest.mark.parametrize("delay_ms", range(0, 200, 20))
def test_signal_while_it_starts(tachyon, target, tmp_path, delay_ms):
    """Before it can tell that there is something to keep, a signal may end it; later there is a
    result, if an empty one."""
    with Recording(tachyon, tmp_path, "attach", target.pid) as recording:
        time.sleep(delay_ms / 1000)
        recording.process.send_signal(signal.SIGINT)
        code = recording.wait()
    assert code in (0, -signal.SIGINT), recording.stderr.read_text()
    if code == 0:
        recording.profile()
    else:
        assert not recording.output.exists()
    check_runs(target)
    check_nothing_left()


@pytest.mark.parametrize("delay_ms", range(0, 160, 20))
def test_signal_while_it_starts_a_program(tachyon, lab_exe, lab_script, end_file, tmp_path, delay_ms):
    """Then there is no program afterwards, either."""
    script = lab_script(BUSY)
    args = ("--python", lab_exe(VERSIONS[-1]), script, end_file)
    with Recording(tachyon, tmp_path, "run", *args) as recording:
        time.sleep(delay_ms / 1000)
        recording.process.send_signal(signal.SIGTERM)
        code = recording.wait()
    assert code in (0, 1, -signal.SIGTERM), recording.stderr.read_text()
    assert subprocess.run(["pgrep", "-f", str(end_file)], check=False).returncode == 1
    check_nothing_left()


def test_killed_profiler(tachyon, target, tmp_path):
    with Recording(tachyon, tmp_path, "attach", target.pid) as recording:
        recording.wait_sampling()
        assert programs_of_profilers()
        recording.process.kill()
        assert recording.wait() == -signal.SIGKILL
    check_nothing_left()
    check_runs(target)
    # Nor does it keep the next one from work.
    check_profile(Recording(tachyon, tmp_path, "attach", "-d", 0.3, target.pid).profile())


def test_two_at_once(tachyon, target, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with Recording(tachyon, tmp_path / "one", "attach", "-d", 0.5, target.pid) as one:
        with Recording(tachyon, tmp_path / "two", "attach", "-d", 0.5, "-r", 3000, target.pid) as two:
            profiles = [one.profile(), two.profile()]
    for profile in profiles:
        check_profile(profile)


@pytest.mark.parametrize("fate", ["killed", "exits"])
def test_target_ends(tachyon, target, end_file, tmp_path, fate):
    with Recording(tachyon, tmp_path, "attach", target.pid) as recording:
        recording.wait_sampling()
        time.sleep(0.3)
        if fate == "killed":
            target.kill()
        else:
            end_file.touch()
        profile = recording.profile()
    check_profile(profile)
    assert "Interrupted" not in profile.stdout
    check_nothing_left()
    assert target.wait(timeout=10) == (-signal.SIGKILL if fate == "killed" else 3)


def test_target_ends_while_we_start(tachyon, lab_python, end_file, tmp_path):
    """An error, or a profile with what there was."""
    for delay_ms in range(0, 160, 20):
        target = lab_python(VERSIONS[-1], BUSY, end_file)
        target.wait_line()
        with Recording(tachyon, tmp_path, "attach", target.pid) as recording:
            time.sleep(delay_ms / 1000)
            target.kill()
            code = recording.wait()
        stderr = recording.stderr.read_text()
        target.wait(timeout=10)
        if code == 0:
            recording.profile()
        else:
            assert code == 1
            errors = [line for line in stderr.splitlines() if ": error: " in line]
            assert len(errors) == 1 and f"process {target.pid} has ended" in errors[0], stderr
        recording.output.unlink(missing_ok=True)
    check_nothing_left()


def test_stopped_target(tachyon, target, tmp_path):
    """It takes no samples, and waits for nobody."""
    os.kill(target.pid, signal.SIGSTOP)
    profile = Recording(tachyon, tmp_path, "attach", "-d", 0.3, target.pid).profile()
    assert profile.rows == []
    assert "Captured 0 samples" in profile.stdout
    os.kill(target.pid, signal.SIGCONT)
    check_runs(target)


STILL_WRITING = "tachyon-bpf: still writing the result; once more to give it up\n"


@pytest.fixture
def writing(tachyon, target, tmp_path):
    """A recording that writes into a pipe without a reader: a first signal has ended the sampling, the writing
    waits."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with Recording(tachyon, tmp_path, "attach", target.pid, output=fifo) as recording:
        recording.wait_sampling()
        time.sleep(0.2)
        recording.process.send_signal(signal.SIGINT)
        wait_until(lambda: "status SAMPLED" in recording.stderr.read_text(), what="the counters")
        check_detached(recording)
        yield recording
    check_runs(target)
    check_nothing_left()


def send_another(recording, sig):
    recording.process.send_signal(sig)
    wait_until(lambda: STILL_WRITING in recording.stderr.read_text(), what="what it says")


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_while_writing(writing, tmp_path, sig):
    """It costs nothing: a reader gets everything."""
    send_another(writing, sig)
    (tmp_path / "copy").write_text(writing.output.read_text(encoding="utf-8"), encoding="utf-8")
    assert writing.wait() == 0
    rows = collapsed(tmp_path / "copy")
    sampled = Counts(writing.stderr.read_text()).status["SAMPLED"]
    assert sum(count for *_, count in rows) == sampled > 0


def test_result_given_up(writing, tmp_path):
    send_another(writing, signal.SIGINT)
    writing.process.send_signal(signal.SIGTERM)
    assert writing.wait() == -signal.SIGTERM
    assert writing.stderr.read_text().endswith("tachyon-bpf: error: given up: no result was written\n")
    assert not list(tmp_path.glob(".tachyon-bpf-*"))


def test_nohup(tachyon, target, tmp_path):
    """A terminal that goes away is no reason to end, if it was started so."""
    with Recording(tachyon, tmp_path, "attach", target.pid, prefix=["nohup"]) as recording:
        recording.wait_sampling()
        recording.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        assert recording.process.poll() is None
        recording.process.send_signal(signal.SIGTERM)
        check_profile(recording.profile())


def check_detached(recording):
    """The timers are gone while it still writes."""
    fds = f"/proc/{recording.process.pid}/fd"
    links = [os.readlink(f"{fds}/{fd}") for fd in os.listdir(fds)]
    assert "anon_inode:[perf_event]" not in links
    assert "anon_inode:bpf_link" not in links
