# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads and processes that come and go: whose stack is it?"""

import json

import pytest

import cells
from profiled import check_share
from rawfile import RawFile
from tree import TARGETS

pytestmark = pytest.mark.thorough

# While a page of the parent is copied, after a fork, it is not in memory for a moment.
COPIED = {"TSTATE_FAULT", "FRAME_FAULT", "CODE_FAULT"}
PROCESSES = TARGETS / "processes.py"
RATE = 5000


def run(start, attach, kind, duration, *options):
    """The profile to the end of the program, and what it said."""
    target = start(PROCESSES, kind, duration)
    profile = attach(target.pid, "-r", RATE, *options)
    assert target.wait(timeout=20) == 0, target.error_output()
    return profile, json.loads(target.output().splitlines()[-1])


def is_of_thread(sample, functions, threads):
    """Whether such a thread lived then, and does what is seen in the sample."""
    return any(
        begin <= sample.ts_ns <= end and (function in functions or not any("worker_" in name for name in functions))
        for function, begin, end in threads.get(sample.tid, ())
    )


def test_threads_that_come_and_go(start, attach, figure, seconds, tmp_path):
    """1,000 a second: each sample's thread was one of the program's at that time, with that stack."""
    profile, said = run(start, attach, "threads", seconds(2, 10), "-a", "--raw", tmp_path / "raw")
    raw = RawFile(tmp_path / "raw")
    begin, end = said[0][2:]
    threads = {}
    for tid, *rest in said:
        threads.setdefault(tid, []).append(rest)
    functions = {stack: {frame.qualname for frame in frames} for stack, frames in raw.frames.items()}
    inside = [sample for sample in raw.samples if begin <= sample.ts_ns <= end]
    wrong = [sample for sample in inside if not is_of_thread(sample, functions[sample.stack], threads)]
    figure("threads", len(said))
    figure("threads a second", round(len(said) / (end - begin) * 1e9))
    figure("threads seen", len({sample.tid for sample in inside}))
    figure("samples", len(inside))
    figure("wrong thread", len(wrong))
    figure("failed", sum(profile.counts.failed.values()))
    assert not wrong, [(sample, functions[sample.stack]) for sample in wrong[:5]]
    assert set(profile.counts.failed) <= {"NO_ROOT"}
    check_share(profile, RATE)


def check_parent(profile, figure, children):
    functions = profile.functions()
    of_children = sum(count for name, count in functions.items() if "in_child" in name)
    figure("children", children)
    figure("samples", profile.counts.status["SAMPLED"])
    figure("of children", of_children)
    figure("failed", sum(profile.counts.failed.values()))
    assert of_children == 0
    assert functions["in_parent"] > 0
    assert set(profile.counts.failed) <= COPIED | {"NO_ROOT"}
    assert sum(profile.counts.failed.values()) <= 3 + 0.01 * profile.counts.status["SAMPLED"]
    check_share(profile, RATE)


# A subinterpreter can have no children, and no daemon threads.
@pytest.mark.flavours(*(flavour for flavour in cells.FLAVOURS if "subinterpreter" not in flavour))
def test_storm_of_forks(start, attach, figure, seconds):
    """Children are no targets; their parent has its own samples, all of them."""
    profile, children = run(start, attach, "forks", seconds(0.7, 10))
    check_parent(profile, figure, children)
    assert len(profile.tids) == 1


@pytest.mark.flavours("gil", "free-threaded")
def test_pool_of_processes(start, attach, figure, seconds):
    profile, (tasks, tids) = run(start, attach, "pool", seconds(0.7, 10), "-a")
    check_parent(profile, figure, tasks)
    assert profile.tids <= set(tids)
