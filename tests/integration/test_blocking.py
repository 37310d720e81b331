# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--blocking stops the target: whatever either of them does, the target's signals, stops, programs and ends are its
own, and it is let go. What is true of the stacks: tests/truth/test_blocking.py; the stopping alone:
tests/unit/test_stop.c."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from processes import wait_until
from profiled import Recording
from shares import expect
from tree import TARGETS, VERSIONS

NEWEST = VERSIONS[-1]
OPTIONS = ("--blocking", "--mode", "wall")
STOPPED = re.compile(r"^Stopped: (\d+) times, for ([\d.]+) s in all", re.M)

# Says a line for each signal that it gets, and ends when it is told to.
BUSY = """
import os, signal, sys, threading, time
def on_signal(*_):
    os.write(1, b"got\\n")
def busy():
    for i in range(1000):
        i * i
def main():
    while not os.path.exists(sys.argv[1]):
        busy()
signal.signal(signal.SIGUSR1, on_signal)
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
print("ready", flush=True)
main()
os._exit(3)
"""


@pytest.fixture
def end_file(lab_dir):
    return lab_dir / "end"


@pytest.fixture
def target(lab_python, end_file):
    target = lab_python(NEWEST, BUSY, end_file)
    target.wait_line()
    return target


@pytest.fixture
def record(tachyon, tmp_path):
    """record(pid, *options) -> Recording of a run with --blocking"""
    return lambda pid, *options: Recording(tachyon, tmp_path, "attach", *OPTIONS, *options, pid)


def field(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"^{name}:\s*(.*)$", text, re.M)[1]


def cpu_s(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def check_runs(target):
    """It is alive, and not only as a corpse or a captive: none of its threads."""
    assert target.poll() is None
    for tid in os.listdir(f"/proc/{target.pid}/task"):
        assert field(tid, "TracerPid") == "0"
        assert field(tid, "State")[0] in "RS"
    before = cpu_s(target.pid)
    wait_until(lambda: cpu_s(target.pid) > before + 0.05, what="the target's progress")


def stops(profile):
    return int(STOPPED.search(profile.stdout)[1])


def test_what_it_says(record, target):
    profile = record(target.pid, "-a", "-d", 0.5).profile()
    cnt = stops(profile)
    assert cnt > 5
    assert profile.counts.samples == 2 * cnt and len(profile.tids) == 2
    assert profile.counts.failed == {}
    missed = re.search(r"missed (\d+) samples from the expected total of (\d+)", profile.stdout)
    due = int(missed[2]) if missed else cnt
    assert cnt + (int(missed[1]) if missed else 0) == due
    expect(abs(due - 500) < 50 + 0.2 * due, due)
    assert "Threads:" not in profile.stdout  # there is no ledger
    check_runs(target)


def test_needs_no_kernel_side(record, target):
    """No program, no map, no timer event."""
    with record(target.pid, "-d", 20) as recording:
        recording.wait_sampling()
        fds = pathlib.Path(f"/proc/{recording.process.pid}/fd")
        links = " ".join(os.readlink(fd) for fd in fds.iterdir())
        assert "timerfd" in links
        assert "bpf" not in links and "perf_event" not in links
        recording.process.send_signal(signal.SIGINT)
        recording.profile()


@pytest.mark.parametrize("code, status", [("sys.exit(7)", 7), ("os.kill(os.getpid(), 9)", 137), ("1/0", 1)])
def test_run_has_the_exit_status(tachyon_run, lab_exe, lab_script, lab_dir, code, status):
    script = lab_script(
        "import os, sys, threading, time\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
        f"time.sleep(0.2)\n{code}\n"
    )
    exe = ("--python", lab_exe(NEWEST))
    done = tachyon_run("run", "--blocking", "-a", "-r", "5khz", "--collapsed", "-o", lab_dir / "out", *exe, script)
    assert done.returncode == status, done.stderr
    assert "sleep" not in (lab_dir / "out").read_text()  # that is C
    assert "target.py:<module>" in (lab_dir / "out").read_text()


def test_signals_reach_the_target(record, target, end_file):
    """None is lost, and none comes twice."""

    def got():
        return target.output().splitlines().count("got")

    with record(target.pid, "-a", "-r", "5khz") as recording:
        recording.wait_sampling()
        for number in range(100):
            os.kill(target.pid, signal.SIGUSR1)
            wait_until(lambda: got() > number, what="the target's answer")
        end_file.touch()
        profile = recording.profile()
    assert target.wait(timeout=10) == 3
    assert got() == 100
    assert stops(profile) > 0


def test_stopped_target(record, target):
    """It is sampled where it stands, and stays stopped."""
    os.kill(target.pid, signal.SIGSTOP)
    wait_until(lambda: field(target.pid, "State")[0] == "T")
    profile = record(target.pid, "-a", "-d", 0.3).profile()
    assert field(target.pid, "State")[0] == "T"
    assert profile.counts.samples == 2 * stops(profile) > 10
    assert len(profile.rows) == 2  # nothing moved
    os.kill(target.pid, signal.SIGCONT)
    check_runs(target)


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("delay_ms", [30, 70])
def test_profiler_ends(record, target, sig, delay_ms):
    """In the middle of a stop, as often as not."""
    with record(target.pid, "-a", "-r", "20khz") as recording:
        recording.wait_sampling()
        time.sleep(delay_ms / 1000)
        recording.process.send_signal(sig)
        assert recording.wait() == (-sig if sig == signal.SIGKILL else 0)
    check_runs(target)


PTRACE_SEIZE = 0x4206
# Traces a process, as soon as nobody else does, for as long as its stdin is open.
TRACER = f"""
import ctypes, sys
while ctypes.CDLL(None).ptrace({PTRACE_SEIZE}, int(sys.argv[1]), None, None):
    pass
print("traced", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def tracer():
    started = []

    def start(pid):
        command = [sys.executable, "-c", TRACER, str(pid)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "traced\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("command", [("attach", "-d", "1"), ("attach", "-a", "-d", "1"), ("dump",)])
def test_traced_by_another(tachyon_run, target, tracer, command):
    other = tracer(target.pid)
    done = tachyon_run(command[0], "--blocking", *command[1:], target.pid)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tachyon-bpf: error: cannot stop process {target.pid}: process {other.pid} traces it")


def test_traced_meanwhile(record, target, tracer):
    """What could not be sampled is said, and the sampling goes on when it can."""
    with record(target.pid) as recording:
        recording.wait_sampling()
        time.sleep(0.1)
        other = tracer(target.pid)
        time.sleep(0.2)
        other.communicate()
        time.sleep(0.2)
        recording.process.send_signal(signal.SIGINT)
        profile = recording.profile()
    counts = profile.counts
    assert counts.status["NOT_STOPPED"] > 0 and counts.status["SAMPLED"] > 5
    warnings = [line for line in profile.stderr.splitlines() if ": warning: " in line]
    assert len(warnings) == 2, warnings
    assert f"process {other.pid} traces it" in warnings[0]
    assert f"{counts.status['NOT_STOPPED']} samples lost: the process could not be stopped" in warnings[1]
    check_runs(target)


def test_threads_that_come_and_go(record, lab_python, python_version):
    target = lab_python(python_version, TARGETS / "processes.py", "threads", 1)
    target.wait_line()
    profile = record(target.pid, "-a", "-r", "2khz").profile()
    assert target.wait(timeout=20) == 0, target.error_output()
    tids = {tid for tid, *_ in json.loads(target.output().splitlines()[-1])}
    assert profile.tids <= tids
    assert len(profile.tids) > 2
    assert set(profile.counts.failed) <= {"NO_ROOT"}


@pytest.mark.parametrize("kind", ["forks", "pool"])
def test_children(record, lab_python, kind):
    """They are not stopped, and their parent is told of their ends. The main thread forks while others come and go."""
    target = lab_python(NEWEST, TARGETS / "processes.py", kind, 1)
    target.wait_line()
    profile = record(target.pid, "-a", "-r", "2khz").profile()
    assert target.wait(timeout=20) == 0, target.error_output()
    assert profile.functions()["in_parent"] > 0
    assert "in_child" not in profile.functions()
    assert set(profile.counts.failed) <= {"NO_ROOT"}


SUBPROCESSES = """
import subprocess, sys, threading, time
def nap():
    while True:
        time.sleep(0.001)
threading.Thread(target=nap, daemon=True).start()
print("ready", flush=True)
for number in range(100):
    assert subprocess.run(["/bin/sh", "-c", f"exit {number}"]).returncode == number
"""


def test_subprocesses(record, lab_python):
    """A thread that waits in vfork(2) cannot be stopped, nor does it have to be."""
    target = lab_python(NEWEST, SUBPROCESSES)
    target.wait_line()
    profile = record(target.pid, "-a", "-r", "2khz").profile()
    assert target.wait(timeout=60) == 0, target.error_output()
    assert len(profile.tids) == 2
    assert set(profile.counts.failed) <= {"NO_ROOT"}


EXECS = """
import os, sys, threading, time
def stage_{stage}():
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        pass
for _ in range(3):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
def leave():
    os.execv({command[0]!r}, {command!r})
print("ready", flush=True)
stage_{stage}()
if {last}:
    os._exit(5)
threading.Thread(target=leave).start()
time.sleep(1000)
"""


def test_exec_by_a_thread(record, lab_python, lab_script):
    """To another version and back: each program's stacks are its own."""
    command, script = ["/bin/true"], None
    for stage, version in ((3, VERSIONS[-1]), (2, VERSIONS[0]), (1, VERSIONS[-1])):
        script = lab_script(EXECS.format(stage=stage, command=command, last=stage == 3), f"stage{stage}.py")
        command = [f"/usr/bin/python{version}", str(script)]
    target = lab_python(VERSIONS[-1], script)
    target.wait_line()
    profile = record(target.pid, "-a", "-r", "2khz").profile()
    assert target.wait(timeout=20) == 5, target.error_output()
    found = profile.functions()
    assert all(found[f"stage_{stage}"] > 0 for stage in (2, 3))
    for _, frames, _ in profile.rows:
        files = {file for file, *_ in frames if file.startswith("stage")}
        assert len(files) <= 1, frames
    assert set(profile.counts.failed) <= {"NO_ROOT"}


def test_target_ends(record, target, end_file):
    with record(target.pid, "-a", "-r", "5khz") as recording:
        recording.wait_sampling()
        time.sleep(0.2)
        end_file.touch()
        profile = recording.profile()
    assert target.wait(timeout=10) == 3  # its parent is told, as long as we live and after
    assert "Interrupted" not in profile.stdout
    assert profile.functions()["busy"] > 0


def test_target_is_killed(record, target):
    with record(target.pid, "-a", "-r", "20khz") as recording:
        recording.wait_sampling()
        time.sleep(0.2)
        target.kill()
        assert target.wait(timeout=10) == -signal.SIGKILL
        recording.profile()


def test_main_thread_that_has_ended(record, lab_python):
    """It is a zombie until the last thread ends, and then the process ends as any other."""
    code = """
import ctypes, os, threading, time
def go_on():
    time.sleep(0.3)
    print("ready", flush=True)
    time.sleep(1)
    os._exit(4)
threading.Thread(target=go_on).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    target = lab_python(NEWEST, code)
    target.wait_line()
    profile = record(target.pid, "-a").profile()
    assert profile.functions()["go_on"] > 5
    assert len(profile.tids) == 1
    assert target.wait(timeout=10) == 4


def test_warning(tachyon_run, target):
    done = tachyon_run("attach", "--blocking", "-r", "20khz", "-d", 0.1, target.pid)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line == (
        "Warning: --blocking with a 50 µs interval will stop all threads 20000 times per second. "
        "Consider using --sampling-rate 1khz or lower to reduce overhead."
    )
    assert "Warning" not in tachyon_run("attach", "--blocking", "-r", "10khz", "-d", 0.1, target.pid).stderr
