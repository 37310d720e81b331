# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Does each function get the share of the samples that it has of the CPU time?"""

import pytest

from rawfile import RawFile
from shares import expect, seen_whole, total_variation
from tree import TARGETS

pytestmark = pytest.mark.thorough

RATE = 1000


def test_known_shares(start, attach, lab_dir, figure, seconds):
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    duration = seconds(4, 20)
    target = start(TARGETS / "shares.py", duration, truth_path)
    profile = attach(target.pid, "-r", RATE, "-d", duration + 5, "--raw", raw_path)
    raw = RawFile(raw_path)
    turns = seen_whole(truth_path, raw)
    ours = turns.samples(raw)
    samples, due = sum(ours.values()), RATE * sum(turns.cpu_s.values())
    distance, bound = total_variation(ours, turns.cpu_s), turns.bound(samples, due - samples)
    figure("samples", samples)
    figure("total variation", distance)
    figure("bound", bound)
    figure("samples / due", samples / due)
    figure("failed", sum(profile.counts.failed.values()))
    assert profile.counts.failed == {}
    expect(samples >= 0.9 * due, samples, due)
    expect(distance <= bound, ours, turns.cpu_s)
