# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each stack one that the program can have?"""

import os
import subprocess

import pytest

from callgraph import DEPTH, ChainGraph, check_stacks, generated_frames
from tree import TARGETS


@pytest.fixture
def graph(cell, lab_script):
    script = lab_script(TARGETS / "chains.py", "source.py")
    done = subprocess.run(
        [*map(str, cell.command), script, "--source"],
        env=os.environ | cell.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ChainGraph(done.stdout)


def test_known_call_graph(cell, start, attach, graph, figure, seconds):
    target = start(TARGETS / "chains.py", 120)
    profile = attach(target.pid, "-r", "5khz", "-d", seconds(2, 10))
    counts = profile.counts
    figure("samples", counts.status["SAMPLED"])
    figure("failed", sum(counts.failed.values()))
    inside = check_stacks(graph, profile.rows)
    figure("impossible", 0)
    assert counts.failed == {}
    assert inside > 0.98 * counts.status["SAMPLED"]
    functions = {function for _, frames, _ in profile.rows for function, _ in generated_frames(frames)}
    assert {f"chain_{c}_{DEPTH - 1}" for c in range(8)} <= functions
