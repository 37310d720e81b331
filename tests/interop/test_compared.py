# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What our page and the reference's make of the same two recordings: which samples of the baseline each frame is
compared with, and which stacks are elided."""

import json
import random
import re
import subprocess

import pytest

from made_up import HAS_GIL, ON_CPU, MadeUp, run_tool
from tree import ROOT

MODULES = ROOT / "build" / "page"


def made_up(path, seed, names):
    """Random stacks in which functions have lines of their own, as a program and its next version."""
    rng, recording = random.Random(seed), MadeUp()
    thread = recording.thread(recording.process(7), 7)
    for number in range(400):
        stack = [("/srv/main.py", 1, "<module>")]
        for depth in range(rng.randrange(1, 5)):
            stack.append((f"/srv/{depth}.py", rng.choice((3, 4, 5 + seed)), rng.choice(names)))
        recording.sample(number * recording.period_ns, thread, stack[::-1], ON_CPU | HAS_GIL, rng.randrange(1, 4))
    described = path.with_suffix(".described")
    described.write_text("\n".join(recording.lines) + "\n")
    run_tool(described, "binary", path)
    return path


def nodes(data):
    """(path, node) of all nodes of the reference's tree that have a function."""
    strings = data["strings"]

    def walk(node, above):
        path = above
        if "funcname" in node:
            path = (*above, (strings[node["filename"]], strings[node["funcname"]], node["lineno"]))
            yield path, node
        for child in node["children"]:
            yield from walk(child, path)

    yield from walk(data, ())


def path_of(frames):
    return tuple(map(tuple, frames))


def test_the_same_frames_are_compared(lab, shared_dir, tachyon):
    before = made_up(shared_dir / "before.bin", 1, "abcd")
    now = made_up(shared_dir / "now.bin", 2, "abce")
    there, here = shared_dir / "there.html", shared_dir / "here.html"
    command = ["python3.15", "-m", "profiling.sampling", "replay", "--diff-flamegraph", before, "-o", there, now]
    subprocess.run(["chroot", lab, *command], check=True, capture_output=True, timeout=60)
    subprocess.run([tachyon, "replay", "--diff-flamegraph", before, "-o", here, now], check=True, capture_output=True)
    done = subprocess.run(
        ["node", ROOT / "tests" / "interop" / "compared.mjs", MODULES, here], capture_output=True, check=True
    )
    ours = json.loads(done.stdout)
    (text,) = re.findall(r"^\s*const EMBEDDED_DATA = (\{.*\});?$", there.read_text(), re.M)
    theirs = json.loads(text)
    scale = theirs["stats"]["baseline_scale"]
    frames = {path_of(path): values for path, *values in ours["frames"]}
    found = dict(nodes(theirs))
    assert len(found) > 100
    for path, node in found.items():  # not all: it leaves some out
        expected = [node["value"], node["self_time"], node["baseline_total"] / scale, node["baseline"] / scale]
        assert frames[path] == pytest.approx(expected), path
    # A stack is a path without lines there.
    elided = {path_of(path): values for path, *values in ours["elided"]}
    of_reference = {path: node for path, node in nodes(theirs["stats"]["elided_flamegraph"])}
    assert elided.keys() == of_reference.keys() and len(elided) > 20
    for path, node in of_reference.items():
        assert elided[path][0] == node["value"], path
    assert sum(self for _, self in elided.values()) == pytest.approx(
        sum(node["baseline"] for node in of_reference.values()) / scale
    )
    stacks = {tuple(frame[:2] for frame in path) for path, (_, self) in elided.items() if self}
    assert len(stacks) == theirs["stats"]["elided_count"]
