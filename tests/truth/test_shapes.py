# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Stacks of all shapes: is each one that the program can have, and has each shape its share?"""

import collections
import json
import os
import re
import subprocess

import pytest

from kernel import BpfStatistics
from rawfile import RawFile
from shares import Turns, expect, total_variation
from stacks import TRUNCATED, Stacks
from tree import TARGETS

pytestmark = pytest.mark.thorough

RATE = 2000
MAX_FRAMES, OLDEST = 8192, 64  # bpf/tach_wire.h


@pytest.fixture
def stacks(cell, lab_dir, lab_script):
    """What the program says of itself."""
    for part in ("stacks.py", "shape_kit.py", "shapes_suspended.py"):
        lab_script(TARGETS / part)
    path = lab_dir / "stacks.json"
    subprocess.run(
        [*map(str, cell.command), lab_script(TARGETS / "shapes.py"), "stacks", "0.001", path],
        env=os.environ | cell.env,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=300,
    )
    return Stacks(json.loads(path.read_text()), asynchronous=("on_alarm",))


def stacks_of(raw):
    """{id: frames as in a collapsed file, root first}"""
    return {
        stack: [(os.path.basename(f.filename), f.qualname, f.position[0]) for f in reversed(frames)]
        for stack, frames in raw.frames.items()
    }


def shape_of(frames, shapes):
    """The one that the stack is of; None: between two. A greenlet's stack is its own."""
    if frames[0][1] == "in_greenlet":
        return "greenlets"
    return next((function for _, function, _ in frames if function in shapes), None)


def test_shapes(start, attach, stacks, lab_dir, figure, seconds):
    duration = seconds(2, 20)
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    target = start(TARGETS / "shapes.py", "run", duration, truth_path)
    profile = attach(target.pid, "-r", RATE, "--raw", raw_path)
    assert target.wait(timeout=10) == 0, target.error_output()
    raw = RawFile(raw_path)
    turns = Turns(json.loads(truth_path.read_text()))
    turns = turns.between(raw.samples[0].ts_ns, raw.samples[-1].ts_ns)
    begin, end = turns.turns[0][1], turns.turns[-1][2]
    weights = collections.Counter()
    for sample in raw.samples:
        if begin <= sample.ts_ns <= end:
            weights[sample.stack] += sample.weight

    known = stacks_of(raw)
    shapes, impossible, unresolved = collections.Counter(), collections.Counter(), 0
    for stack, weight in weights.items():
        shapes[shape_of(known[stack], turns.functions)] += weight
        unresolved += weight * any(function.startswith("<unknown") for _, function, _ in known[stack])
        if not stacks.is_possible(known[stack]):
            impossible[tuple(known[stack])] += weight
    between = shapes.pop(None, 0)
    samples, due = sum(shapes.values()), RATE * sum(turns.cpu_s.values())
    distance, bound = total_variation(shapes, turns.cpu_s), turns.bound(samples, due - samples)
    figure("samples", samples)
    figure("impossible", sum(impossible.values()))
    figure("unresolved", unresolved)
    figure("failed", sum(profile.counts.failed.values()))
    figure("total variation", distance)
    figure("bound", bound)
    for name in sorted(turns.functions):
        figure(f"{name}: samples", shapes[name])
    for name, why in json.loads(target.output().splitlines()[0]).items():
        figure(f"{name}: not there", why)
    assert not impossible, [(n, len(f), f[-20:]) for f, n in impossible.most_common(5)]
    assert unresolved == 0
    assert set(profile.counts.failed) <= {"NO_ROOT"}
    expect(between < 0.05 * samples, between, samples)
    expect(distance <= bound, shapes, turns.cpu_s)


@pytest.mark.flavours("gil", "free-threaded")
@pytest.mark.parametrize("depth", [33, 5000, 8192, 9000, 20000])
def test_deep_stack(start, attach, lab_dir, figure, seconds, depth):
    """Whole, or marked and with its youngest frames, and with its oldest ones too if it is not too deep; and
    the time that the interrupt takes."""
    progress = lab_dir / "progress"
    progress.write_bytes(bytes(8))
    target = start(TARGETS / "deep.py", depth, "loop", progress)
    with BpfStatistics():
        profile = attach(target.pid, "-r", 500, "-d", seconds(0.2, 3))
    samples = profile.counts.status["SAMPLED"]
    figure("samples", samples)
    figure("BPF (us a sample)", int(re.search(r"bpf run_ns (\d+)", profile.stderr)[1]) / samples / 1e3)
    assert profile.counts.failed == {}
    for _, frames, _ in profile.rows:
        assert frames[-1][1] == "loop", frames[-5:]
        if depth <= MAX_FRAMES:
            assert len(frames) == depth and TRUNCATED not in frames
        elif depth <= 2 * MAX_FRAMES:
            assert len(frames) == MAX_FRAMES + 1 and frames[OLDEST] == TRUNCATED
            assert [function for _, function, _ in frames[:2]] == ["<module>", "main"]
        else:
            assert len(frames) == MAX_FRAMES - OLDEST + 1 and frames[0] == TRUNCATED
