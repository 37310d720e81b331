# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Who holds the GIL, who waits for it, and for whom?"""

import collections
import json
import os
import pathlib
import re
import signal

import pytest

from kernel import stolen_seconds
from processes import wait_until
from profiled import Recording
from results import ledgers
from shares import expect
from tree import TARGETS

RATE = 1000
# Of a thread's time: starting and ending, timers that are late, and ticks, which are a sample.
SLACK = 0.03
LEDGER = re.compile(r"^ +(\d+) +([\d.]+) +([\d.]+) +([\d.]+)$", re.M)
WAIT = re.compile(
    r"^Thread (\d+) waited ([\d.]+) s for the GIL: ([\d.]+) s while thread (\d+) held it(?: \((.*?)\))?", re.M
)

Time = collections.namedtuple("Time", "held waited without")


def queues(pid):
    """{tid: seconds that the thread has waited for a CPU}"""
    tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[1]) / 1e9 for task in tasks}


def truth_of(path, before, after, stolen):
    """{function: (tid, its times)}. Stolen time is on no thread's clock: it looks as if they had waited."""
    found = {}
    for tid, spent in json.loads(path.read_text()).items():
        waited = spent["wall"] - spent["cpu"] - spent["asleep"] - (after[tid] - before[tid])
        found[spent["name"]] = int(tid), spent | {"waited": waited, "slack": SLACK * spent["wall"] + stolen}
    return found


@pytest.fixture
def run(start, tachyon, tmp_path, lab_dir, seconds):
    """run(mode) -> (truth, profile) of the program."""

    def once(mode):
        go, path = lab_dir / "go", lab_dir / "truth.json"
        target = start(TARGETS / "gil.py", seconds(3, 20), go, path)
        with Recording(tachyon, tmp_path, "attach", "-a", "--mode", mode, "-r", RATE, target.pid) as recording:
            recording.wait_sampling()
            before, stolen = queues(target.pid), stolen_seconds()
            go.touch()
            wait_until(path.exists, 60, "the end of the work")
            truth = truth_of(path, before, queues(target.pid), stolen_seconds() - stolen)
            os.kill(target.pid, signal.SIGKILL)
            return truth, recording.profile()

    return once


@pytest.mark.flavours("gil")
def test_gil_in_mode_wall(run, figure):
    """There it is known by samples who waits."""
    truth, profile = run("wall")
    ours = ledgers(profile.stdout)
    for name, (tid, spent) in truth.items():
        waited = ours[tid].gil / 100 * ours[tid].wall
        figure(f"{name}: waited (s)", spent["waited"])
        figure(f"{name}: waited by us (s)", waited)
        figure(f"{name}: slack (s)", spent["slack"])
        expect(abs(waited - spent["waited"]) < spent["slack"], name, waited, spent)


@pytest.mark.flavours("gil", "debug", "jit", "isolated-subinterpreter")
def test_gil(run, figure):
    truth, profile = run("gil")
    ours = {int(tid): Time(*map(float, times)) for tid, *times in LEDGER.findall(profile.stdout)}
    for name, (tid, spent) in truth.items():
        figure(f"{name}: waited (s)", spent["waited"])
        figure(f"{name}: waited by us (s)", ours[tid].waited)
        figure(f"{name}: without the GIL (s)", spent["without"])
        figure(f"{name}: without it by us (s)", ours[tid].without)
        figure(f"{name}: slack (s)", spent["slack"])
    figure("failed", sum(profile.counts.failed.values()))
    holder = truth["hold"][0]
    waits = {
        int(tid): (float(waited), float(most), int(who), what)
        for tid, waited, most, who, what in WAIT.findall(profile.stdout)
    }
    for name, (tid, spent) in truth.items():
        slack = spent["slack"]
        expect(abs(ours[tid].waited - spent["waited"]) < slack, name, ours[tid], spent)
        expect(abs(ours[tid].without - spent["without"]) < slack, name, ours[tid], spent)
        # Off the CPU it holds the GIL, or has given it up and waits for a CPU.
        most = spent["wall"] - spent["asleep"] - spent["waited"] - spent["without"]
        expect(spent["cpu"] - spent["without"] - slack < ours[tid].held < most + slack, name, ours[tid], spent)
        if name != "hold":
            waited, most, who, what = waits[tid]
            assert abs(waited - ours[tid].waited) < 0.02
            assert who == holder
            expect(most > 0.9 * waited, most, waited)
            assert what.endswith("% of that in gil.py:hold"), what


@pytest.mark.flavours("free-threaded")
def test_attached(run, figure):
    """Without a GIL: attached to the interpreter, which nobody waits for."""
    truth, profile = run("gil")
    ours = {int(tid): Time(*map(float, times)) for tid, *times in LEDGER.findall(profile.stdout)}
    figure("failed", sum(profile.counts.failed.values()))
    for name, (tid, spent) in truth.items():
        figure(f"{name}: attached (s)", ours[tid].held)
        slack = spent["slack"]
        assert ours[tid].waited == 0
        expect(abs(ours[tid].without - spent["without"]) < slack, name, ours[tid], spent)
    # Also where it has to wait for a CPU, before the program's own clock starts and after it stops, too.
    tid, spent = truth["hold"]
    expect(-slack < ours[tid].held - spent["wall"] < 3 * slack, ours[tid], spent)
    assert not WAIT.search(profile.stdout)
