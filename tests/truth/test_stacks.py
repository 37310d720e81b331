# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each stack one that the program can have?"""

import os
import signal
import subprocess
import time

import pytest

from callgraph import DEPTH, ChainGraph, check_stacks, generated_frames
from kernel import cpu_seconds, stolen_seconds
from profiled import Recording
from shares import expect
from tree import TARGETS

RATE = 5000
# A virtual machine that was not given its CPU misses ticks, and not always says so (/proc/stat).


@pytest.fixture
def graph(cell, lab_script):
    done = subprocess.run(
        [*map(str, cell.command), lab_script(TARGETS / "chains.py", "source.py"), "--source"],
        env=os.environ | cell.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return ChainGraph(done.stdout)


def due_share(counts, pid, clocks):
    """Samples, as a share of those due by the target's clock. clocks: (CPU time, stolen time) before."""
    cpu_outside, stolen = cpu_seconds(pid) - clocks[0], stolen_seconds() - clocks[1]
    # The profiler's own reading of the target's clock, against one from outside its window, which may be
    # much longer on a busy machine.
    assert 0.3 * cpu_outside < counts.cpu_s <= cpu_outside
    return counts.status["SAMPLED"] / (RATE * (counts.cpu_s - stolen))


def test_known_call_graph(cell, start, attach, graph, figure, seconds):
    target = start(TARGETS / "chains.py", 120)
    clocks = cpu_seconds(target.pid), stolen_seconds()
    profile = attach(target.pid, "-r", RATE, "-d", seconds(2, 10))
    counts = profile.counts
    share = due_share(counts, target.pid, clocks)
    inside, impossible = check_stacks(graph, profile.rows)
    assert not impossible, impossible[:5]
    assert counts.failed == {}
    figure("samples", counts.status["SAMPLED"])
    figure("impossible", sum(count for count, _ in impossible))
    figure("failed", sum(counts.failed.values()))
    figure("samples / due", share)
    expect(share >= 0.99, share)
    expect(inside > 0.98 * counts.status["SAMPLED"], inside)
    # No code object came or went, so none had to be compared again; where no counter tells, it had to.
    assert counts.counter["STALE"] == 0
    assert (counts.counter["REVALIDATED"] == 0) == (cell.name != "3.13-free-threaded")
    # All depths of all chains were met, so the check above was not empty.
    functions = {function for _, frames, _ in profile.rows for function, _ in generated_frames(frames)}
    assert {f"chain_{c}_{DEPTH - 1}" for c in range(8)} <= functions
    assert {f"gen_{c}" for c in (1, 3, 5, 7)} <= functions


@pytest.mark.parametrize("stalled", [False, True], ids=["reader runs", "reader stalls"])
@pytest.mark.flavours("gil", "free-threaded")
def test_small_ring(tachyon, start, graph, tmp_path, figure, seconds, stalled):
    """A ring of 64 KiB at 10 kHz: every sample is delivered or counted as lost, none is wrong."""
    target = start(TARGETS / "chains.py", 60)
    options = ["-r", "10khz", "-d", seconds(3, 6), "--ring-size", "64k"]
    with Recording(tachyon, tmp_path, "attach", *options, target.pid) as recording:
        if stalled:
            recording.wait_sampling()
            os.kill(recording.process.pid, signal.SIGSTOP)
            time.sleep(1)
            os.kill(recording.process.pid, signal.SIGCONT)
        profile = recording.profile()
    counts = profile.counts
    figure("samples", counts.status["SAMPLED"])
    figure("lost, counted", counts.status["RING_FULL"])
    assert set(counts.failed) <= {"RING_FULL"}
    if stalled:
        assert counts.status["RING_FULL"] > 1000
        assert "samples lost: ring buffer full" in profile.stderr
    assert not [frames for _, frames, _ in profile.rows if any(file == "~" for file, *_ in frames)]
    assert not check_stacks(graph, profile.rows)[1]
