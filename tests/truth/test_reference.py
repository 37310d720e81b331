# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Beside the reference, at the same time on the same program: does each mode say the same, or differ as explained?"""

import json
import os
import signal

import pytest

from processes import wait_until
from profiled import Recording
from reference import VERSION, Reference
from results import functions
from sections import Sections, difference, name_of, of_profile
from shares import bound_of_short_turns, expect, total_variation
from tree import TARGETS

pytestmark = [pytest.mark.versions(VERSION), pytest.mark.flavours("gil")]

RATE = 1000
SECTIONS = 64
# Of Student's distribution with 63 degrees of freedom: wrong once in ten million.
ERRORS = 6
# The reference reads the state of a thread, who holds the GIL, and the stack at different moments.
MOMENTS = 0.005
HOLD_GIL = {"compute", "compute_beside", "nap_with_gil"}
# Who wakes up waits for a CPU, too, and how long the program does not know.
NAPS = {"nap", "nap_with_gil", "in_except nap", "in_except nap_with_gil"}


def seconds_that_count(mode, stack, wall, cpu):
    """Of a turn: (here, in the reference)"""
    holds = wall if stack[-1] in HOLD_GIL else 0
    if mode == "wall":
        return wall, wall
    if mode == "cpu":  # who waits for a CPU is on it, to the reference; one that computes waits for nothing else
        return cpu, wall
    if mode == "gil":
        return holds, holds
    # Who has an exception must hold the GIL, too, to the reference.
    return (wall, holds) if stack[0] == "in_except" else (0, 0)


def expected(mode, turns):
    """The Sections that two profiles would have: ours, the reference's."""
    ours, reference = Sections(), Sections()
    for section, stack, wall, cpu in turns:
        for each, seconds in zip((ours, reference), seconds_that_count(mode, stack, wall, cpu)):
            each.add(section, name_of(stack), seconds)
    return ours, reference


@pytest.fixture
def profile_both(start, tachyon, tmp_path, lab_dir):
    """profile_both(duration, threads, *options) -> (turns, our Profile, the reference's rows) of one run"""

    def run(duration, threads, *options):
        go, path = lab_dir / "go", lab_dir / "truth.json"
        target = start(TARGETS / "sections.py", SECTIONS, duration, threads, go, path)
        recording = Recording(tachyon, tmp_path, "attach", *options, "-r", RATE, target.pid)
        with Reference(lab_dir, target.pid, *options) as reference, recording:
            recording.wait_sampling()
            reference.wait_sampling()
            go.touch()
            wait_until(path.exists, duration + 60, "the end of the work")
            os.kill(target.pid, signal.SIGKILL)
            return json.loads(path.read_text()), recording.profile(), reference.rows()

    return run


@pytest.mark.parametrize("mode, threads", [("wall", 1), ("wall", 3), ("cpu", 1), ("gil", 1), ("gil", 3), ("exception", 1)])
def test_beside_reference(profile_both, figure, seconds, mode, threads):
    options = ["--mode", mode] + ["-a"] * (threads > 1)
    turns, profile, rows = profile_both(seconds(3, 30), threads, *options)
    # Several threads wait for the GIL in their turns, and how long nobody else knows.
    truth = expected(mode if threads == 1 else "wall", turns)
    ours, reference = of_profile(profile.rows), of_profile(rows)
    if mode == "cpu":
        for each in (ours, reference, *truth):
            each.drop(NAPS)
    found = difference(ours, reference, *truth)
    figure("samples", ours.total)
    figure("samples of the reference", reference.total)
    figure("explained", total_variation(truth[0].shares(), truth[1].shares()))
    figure("total variation", sum(abs(value) for value, _ in found.values()) / 2)
    figure("bound", sum(ERRORS * error + MOMENTS for _, error in found.values()) / 2)
    if threads == 1:
        figure("ours from the truth", total_variation(ours.shares(), truth[0].shares()))
        figure("the reference from its truth", total_variation(reference.shares(), truth[1].shares()))
    assert profile.counts.failed == {}
    for name, (value, error) in found.items():
        assert abs(value) <= ERRORS * error + MOMENTS, (name, found)


def test_lock_step(start, tachyon, tmp_path, lab_dir, figure, seconds):
    """A program in step with the clock, as the reference is, but we are not."""
    path = lab_dir / "truth.json"
    target = start(TARGETS / "phases.py", seconds(3, 30), path)
    recording = Recording(tachyon, tmp_path, "attach", "--mode", "wall", "-r", RATE, target.pid)
    with Reference(lab_dir, target.pid, "--mode", "wall") as reference, recording:
        found = functions(recording.profile().rows), functions(reference.rows())
    truth = {name: wall for name, (wall, _) in json.loads(path.read_text()).items()}
    ours, theirs = ({name: each[name] for name in truth} for each in found)
    distance, bound = total_variation(ours, truth), bound_of_short_turns(ours)
    figure("samples", sum(ours.values()))
    figure("total variation", distance)
    figure("bound", bound)
    figure("the reference from the truth", total_variation(theirs, truth))
    expect(distance <= bound, ours, truth)
