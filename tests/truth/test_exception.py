# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is time in which a thread has an exception, asleep or awake, sampled, and no other?"""

import collections
import json

import pytest

from rawfile import RawFile
from shares import Turns, expect, total_variation
from tree import TARGETS

RATE = 1000
NEVER = {"without", "in_try", "in_plain_finally"}  # raise nothing
# The other functions without one have one for a moment, and so has what lies between them.
MOMENTS = 0.005


@pytest.mark.flavours("gil", "free-threaded", "debug")
def test_exceptions(start, attach, lab_dir, figure, seconds):
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    duration = seconds(3, 30)
    target = start(TARGETS / "exceptions.py", duration, truth_path)
    profile = attach(target.pid, "--mode", "exception", "-r", RATE, "--raw", raw_path)
    raw = RawFile(raw_path)
    turns = Turns(json.loads(truth_path.read_text()))
    # What was under way when the sampling began is not known whole.
    turns = turns.between(raw.samples[0].ts_ns, raw.samples[-1].ts_ns)
    begin, end, truth = turns.turns[0][1], turns.turns[-1][2], turns.cpu_s

    ours, between = collections.Counter(), 0
    for sample in raw.samples:
        functions = [frame.qualname for frame in raw.frames[sample.stack] if frame.qualname in turns.functions]
        if not begin <= sample.ts_ns <= end:
            continue
        if functions:
            ours[functions[-1]] += sample.weight
        else:
            between += sample.weight
    samples, due = sum(ours.values()), RATE * sum(truth.values())
    moments = between + sum(ours[name] for name in turns.functions - NEVER if not truth[name])
    wrong = sum(ours[name] for name in NEVER)
    distance, bound = total_variation(ours, truth), turns.bound(samples, 0, variance=0.5)
    figure("samples", samples)
    figure("wrong", wrong)
    figure("moments", moments)
    figure("total variation", distance)
    figure("bound", bound)
    figure("samples / due", samples / due)
    figure("failed", sum(profile.counts.failed.values()))
    # A thread that is made to wait for a CPU between two stores has no whole stack for so long.
    assert set(profile.counts.failed) <= {"NO_ROOT", "OFF_FAILED"}
    expect(sum(profile.counts.failed.values()) < 0.01 * samples, profile.counts.failed)
    assert wrong == 0 and moments <= MOMENTS * samples, ours
    expect(0.97 < samples / due < 1.02, samples, due)
    expect(distance <= bound, ours, truth)
