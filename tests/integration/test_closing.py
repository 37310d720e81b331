# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The closing lines: are their figures those of the run, and does it say what went wrong?"""

import contextlib
import os
import pathlib
import re
import signal
import time

import pytest

from profiled import Recording
from results import ledgers
from shares import expect
from tree import TARGETS, VERSIONS

MAX_RATE = pathlib.Path("/proc/sys/kernel/perf_event_max_sample_rate")
BPF_STATS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
OWN = re.compile(r"^Own CPU time: ([\d.]+) s \(([\d.]+)% of one CPU\), ([\d.]+) s of it in the kernel's", re.M)
MISSED = re.compile(r"^Warning: missed (\d+) samples from the expected total of (\d+) \(([\d.]+)%\)$", re.M)
REUSED = re.compile(r"^tachyon-bpf: warning: (\d+) samples \(([\d.]+)%\) have an earlier stack", re.M)

# Threads that are busy for 20 ms each, and end in the middle of it.
SHORT = """
import threading, time
def work():
    end = time.thread_time() + 0.02
    while time.thread_time() < end:
        sum(range(100))
print("ready", flush=True)
time.sleep(0.3)
for _ in range(30):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
"""

# A great many different stacks, on a CPU and off it.
MANY = """
import random, time
def descend(depth):
    if depth:
        if random.random() < 0.5:
            descend(depth - 1)
        else:
            descend(depth - 1)
    else:
        time.sleep(0.0001)
        sum(range(300))
print("ready", flush=True)
while True:
    descend(250)
"""


@contextlib.contextmanager
def sysctl(path, value):
    before = path.read_text()
    path.write_text(f"{value}\n")
    try:
        yield
    finally:
        path.write_text(before)


@pytest.fixture
def busy(lab_python):
    target = lab_python(VERSIONS[-1], TARGETS / "work.py", 60)
    target.wait_line()
    return target


def closing(profile):
    """{"Captured": ..., "Sample rate": ..., "Error rate": ...} as numbers."""
    found = re.match(
        r"(?:Interrupted by user\.\n)?Captured (\d+) samples? in ([\d.]+) seconds\n"
        r"Sample rate: ([\d.]+) samples/sec\nError rate: ([\d.]+)\n",
        profile.stdout,
    )
    captured, seconds, rate, error = map(float, found.groups())
    assert captured == profile.counts.attempts
    assert rate == pytest.approx(captured / seconds, rel=0.02)
    assert error == pytest.approx(100 * profile.counts.errors / captured if captured else 0, abs=0.005)
    return captured, seconds, error


@pytest.mark.parametrize("mode", ["wall", "cpu", "gil", "exception"])
def test_books(tachyon, lab_python, tmp_path, mode):
    """What was due was taken, in every mode; and nobody's exception is nobody's sample."""
    target = lab_python(VERSIONS[-1], MANY)
    target.wait_line()
    profile = Recording(tachyon, tmp_path, "attach", "-a", "--mode", mode, "-d", 1, target.pid).profile()
    captured, seconds, _ = closing(profile)
    due = {"wall": 1000 * seconds, "exception": 0}.get(mode, profile.counts.due)
    if mode == "cpu":  # timers may be late: that is said, not hidden
        missed = MISSED.search(profile.stdout)
        expect(missed or captured > 0.98 * due - 3 * due**0.5, captured, due)
    else:
        assert abs(captured - profile.counts.due) <= 4
        expect(abs(profile.counts.due - due) < 0.02 * due + 4, profile.counts.due, due)
        assert not MISSED.search(profile.stdout)


def test_stopped_is_not_missed(tachyon, busy, tmp_path):
    """Nothing is due on a CPU while the program stands still, and off it all that time."""
    for mode, most in (("cpu", 0), ("wall", None)):
        with Recording(tachyon, tmp_path, "attach", "--mode", mode, busy.pid) as recording:
            os.kill(busy.pid, signal.SIGSTOP)
            recording.wait_sampling()
            time.sleep(0.5)
            recording.process.send_signal(signal.SIGINT)
            profile = recording.profile()
            os.kill(busy.pid, signal.SIGCONT)
        captured, seconds, _ = closing(profile)
        assert not MISSED.search(profile.stdout)
        if most is None:
            expect(abs(captured - 1000 * seconds) < 0.02 * 1000 * seconds + 4, captured)
            assert ledgers(profile.stdout)[busy.pid].blocked > 95
        else:
            assert captured == most


@pytest.mark.parametrize("mode", ["cpu", "wall"])
def test_full_ring(tachyon, lab_python, tmp_path, mode):
    """In mode cpu what does not fit is lost. With a ledger a later tick makes up for it, and only what was off the
    CPU is lost."""
    target = lab_python(VERSIONS[-1], MANY)
    target.wait_line()
    args = ("-a", "--mode", mode, "-r", "20khz", "--ring-size", "4k", "-d", 1, target.pid)
    profile = Recording(tachyon, tmp_path, "attach", *args).profile()
    closing(profile)
    full = profile.counts.status["RING_FULL"]
    assert full > 0
    what = "samples lost" if mode == "cpu" else "samples have the stack of a later tick"
    hint = "ring buffer full; use a larger --ring-size or a lower rate"
    assert f"tachyon-bpf: warning: {full} {what}: {hint}\n" in profile.stderr
    lost = profile.counts.counter["OFF_LOST"]
    if mode == "wall":
        assert profile.counts.errors == lost + profile.counts.counter["OFF_FAILED"]
        assert (f"warning: {lost} samples of time off the CPU lost: {hint}" in profile.stderr) == (lost > 0)
        assert not MISSED.search(profile.stdout)
    else:
        assert profile.counts.errors >= full


def test_reused_stacks(tachyon, lab_python, tmp_path):
    """The last moments of a thread have the stack that it had before."""
    target = lab_python(VERSIONS[-1], SHORT)
    target.wait_line()
    profile = Recording(tachyon, tmp_path, "attach", "-a", "--mode", "wall", target.pid).profile()
    captured, _, _ = closing(profile)
    reused, percent = REUSED.search(profile.stderr).groups()
    assert int(reused) == profile.counts.counter["OFF_REUSED"] > 0
    assert float(percent) == pytest.approx(100 * int(reused) / captured, abs=0.006)


@pytest.mark.parametrize("mode", ["cpu", "wall"])
def test_throttled_timer(tachyon, busy, tmp_path, mode):
    """A timer above the kernel's limit is stopped until the next tick of the scheduler. (Nobody else is disturbed who
    does not go so fast.)"""
    with sysctl(MAX_RATE, 40000):
        args = ("--mode", mode, "-r", "100khz", "-d", 0.5, busy.pid)
        profile = Recording(tachyon, tmp_path, "attach", *args).profile()
    closing(profile)
    assert profile.counts.throttles > 0
    text = f"warning: the kernel held our timers back {profile.counts.throttles} times"
    assert text in profile.stderr and "raise sysctl kernel.perf_event_max_sample_rate" in profile.stderr
    if mode == "cpu":
        missed, due, percent = MISSED.search(profile.stdout).groups()
        assert float(percent) == pytest.approx(100 * int(missed) / int(due), abs=0.01)
    else:  # later, but all of them
        assert not MISSED.search(profile.stdout)


def test_not_throttled(tachyon, busy, tmp_path):
    profile = Recording(tachyon, tmp_path, "attach", "-d", 0.3, busy.pid).profile()
    assert profile.counts.throttles == 0
    assert "held our timers back" not in profile.stderr


def test_own_cpu(tachyon, lab_python, lab_dir, tmp_path):
    """What our programs cost, as they measure it themselves on a few of their runs, beside what the kernel measures
    on all of them, its own measuring included: it gives an empty program 40 to 80 ns."""
    progress = lab_dir / "progress"
    progress.write_bytes(bytes(8))
    target = lab_python(VERSIONS[-1], TARGETS / "pingpong.py", progress)
    target.wait_line()
    with sysctl(BPF_STATS, 1):
        profile = Recording(tachyon, tmp_path, "attach", "-a", "--mode", "wall", "-d", 1, target.pid).profile()
    _, seconds, _ = closing(profile)
    ours = (profile.counts.counter["TICK_NS"] + profile.counts.counter["SWITCH_NS"]) / 1e9
    kernels, runs = re.search(r"bpf run_ns (\d+) run_cnt (\d+)", profile.stderr).groups()
    kernels, empty = int(kernels) / 1e9, int(runs) * 100e-9
    # Where somebody stands on a virtual machine's feet in the middle of a run that is measured it counts for many.
    expect(0.8 * (kernels - empty) < ours < 1.2 * kernels, ours, kernels, empty)
    total, percent, bpf = map(float, OWN.search(profile.stdout).groups())
    assert bpf == pytest.approx(ours, abs=0.0006)
    assert total > bpf
    assert percent == pytest.approx(100 * total / seconds, rel=0.02, abs=0.1)
