# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Does wall-clock time, asleep or awake, add up, and go to the functions that it passes in?"""

import json
import re

import pytest

from rawfile import RawFile
from results import ledgers
from shares import bound_of_short_turns, expect, seen_whole, total_variation
from tree import TARGETS

RATE = 1000
LONG = 300  # seconds; a run ends when the program does, which a busy machine makes late
CAPTURED = re.compile(r"^Captured [\d,]+ samples in ([\d.]+) seconds", re.M)


def test_known_waits(start, attach, lab_dir, figure, seconds):
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    duration = seconds(5, 30)
    target = start(TARGETS / "waits.py", duration, truth_path)
    profile = attach(target.pid, "--mode", "wall", "-r", RATE, "-d", LONG, "--raw", raw_path)
    raw = RawFile(raw_path)
    turns = seen_whole(truth_path, raw)
    ours = turns.samples(raw)
    samples, due = sum(ours.values()), RATE * sum(turns.cpu_s.values())
    distance, bound = total_variation(ours, turns.cpu_s), turns.bound(samples, 0, variance=0.5)
    (ledger,) = ledgers(profile.stdout).values()
    reused = profile.counts.counter["OFF_REUSED"] / samples
    figure("samples", samples)
    figure("total variation", distance)
    figure("bound", bound)
    figure("samples / due", samples / due)
    figure("ledger's residual", ledger.residual / 100)
    figure("stacks reused", reused)
    figure("failed", sum(profile.counts.failed.values()))
    assert profile.counts.failed == {}
    expect(0.98 < samples / due < 1.02, samples, due)
    expect(ledger.residual < 1 and reused <= 0.01, ledger, reused)
    expect(distance <= bound, ours, turns.cpu_s)


def check_rhythm(profile, truth, figure):
    """Where interrupts come late, as on a busy virtual machine, a tick may find none of many short bursts on a CPU: what
    they are worth is given to an earlier stack in the end, and counted."""
    functions = profile.functions()
    ours = {name: functions[name] for name in truth}
    samples = sum(ours.values())
    figure("samples", samples)
    for name, value in truth.items():
        figure(name, ours[name] / samples - value / sum(truth.values()))
    reused, due = profile.counts.counter["OFF_REUSED"], RATE * sum(truth.values())
    bound = bound_of_short_turns(ours) + (reused + max(0, due - samples)) / due
    distance = total_variation(ours, truth)
    figure("reused", reused / samples)
    figure("total variation", distance)
    figure("bound", bound)
    assert profile.counts.failed == {}
    expect(distance <= bound, ours, truth)


@pytest.mark.flavours("gil", "free-threaded")
def test_rhythm(start, attach, lab_dir, figure, seconds):
    """What keeps the time of the samples is seen as often as it is there, all the same."""
    truth_path = lab_dir / "truth.json"
    duration = seconds(4, 30)
    target = start(TARGETS / "rhythm.py", duration, truth_path)
    profile = attach(target.pid, "--mode", "wall", "-a", "-r", RATE, "-d", LONG)
    check_rhythm(profile, json.loads(truth_path.read_text()), figure)


@pytest.mark.flavours("gil")
@pytest.mark.parametrize("mode", ["wall", "cpu"])
def test_phases(start, attach, lab_dir, figure, seconds, mode):
    """The same on a CPU, where the ticks of a timer could keep step with a program for seconds."""
    truth_path = lab_dir / "truth.json"
    duration = seconds(3, 30)
    target = start(TARGETS / "phases.py", duration, truth_path)
    profile = attach(target.pid, "--mode", mode, "-r", RATE, "-d", LONG)
    truth = json.loads(truth_path.read_text())
    check_rhythm(profile, {name: times[mode == "cpu"] for name, times in truth.items()}, figure)


@pytest.mark.flavours("gil", "free-threaded")
def test_sleepers(start, attach, figure, seconds):
    """A thousand threads that were asleep before, and are still when it ends: each gets its samples."""
    threads, duration = 1000, seconds(1, 10)
    target = start(TARGETS / "sleepers.py", threads)
    profile = attach(target.pid, "--mode", "wall", "-a", "-r", RATE, "-d", duration)
    took = float(CAPTURED.search(profile.stdout)[1])  # to stop takes time on a busy machine, and counts
    due, samples = (threads + 1) * took * RATE, profile.counts.samples
    waiting = sum(count for _, frames, count in profile.rows if [frame[1] for frame in frames].count("wait") == 21)
    figure("samples", samples)
    figure("samples / due", samples / due)
    figure("threads", len(profile.tids))
    figure("failed", sum(profile.counts.failed.values()))
    assert profile.counts.failed == {}
    assert len(profile.tids) == threads + 1
    assert took >= duration
    expect(0.99 * due < samples < 1.02 * due, samples, due)
    # All but the main thread, which sleeps in the module.
    assert waiting >= samples * threads / (threads + 1) * 0.999
