# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A judge that calls everything right proves nothing: each is shown something wrong."""

import re
import subprocess
import sys
import types

import pytest

import table
from callgraph import ChainGraph, check_stacks
from published import Published, Track, judge
from rawfile import Frame, Sample
from shares import Turns, total_variation
from tree import ROOT

MODULE, CALLER, LEAF = ("a.py", "<module>", 9), ("a.py", "caller", 5), ("a.py", "leaf", 2)
STACKS = [[["a.py", "<module>", 9], ["a.py", "caller", 5], ["a.py", "leaf", 1, 3]]]


def judged(tid=7, ts_ns=150, frames=(LEAF, CALLER, MODULE)):
    """The verdict on one sample of a thread 7 that was in stack 0 from 100 to 200."""
    track = Track.__new__(Track)
    track.tid, track.visits, track.begins = 7, [(0, 100, 200)], [100]
    published = Published.__new__(Published)
    published.stacks, published.tracks = STACKS, {7: track}
    rows = [Frame(0, 0, (line, line, 0, 0), name, file) for file, name, line in frames]
    raw = types.SimpleNamespace(samples=[Sample(tid, "s", 0, 1, ts_ns, tid)], frames={"s": rows})
    (verdict,) = judge(published, raw)[0]
    return verdict


@pytest.mark.parametrize(
    "verdict, sample",
    [
        ("right", {}),
        ("right", {"frames": (("a.py", "leaf", 3), CALLER, MODULE)}),
        ("between", {"ts_ns": 99}),
        ("between", {"ts_ns": 201}),
        ("thread", {"tid": 8}),
        ("line", {"frames": (("a.py", "leaf", 4), CALLER, MODULE)}),
        ("line", {"frames": (LEAF, ("a.py", "caller", 6), MODULE)}),
        ("stack", {"frames": (LEAF, MODULE)}),
        ("stack", {"frames": (CALLER, MODULE)}),
        ("stack", {"frames": (LEAF, LEAF, CALLER, MODULE)}),
        ("stack", {"frames": (LEAF, CALLER, ("b.py", "<module>", 9))}),
    ],
)
def test_published_state(verdict, sample):
    assert judged(**sample) == verdict


SOURCE = "def chain_0_0(n):\n    n = chain_0_1(n)\ndef chain_0_1(n):\n    n = 1\ndef main():\n    chain_0_0(1)\nmain()\n"


@pytest.mark.parametrize(
    "possible, frames",
    [
        (True, [("<module>", 7), ("main", 6), ("chain_0_0", 2), ("chain_0_1", 4)]),
        (True, [("<module>", 7), ("main", 6)]),
        (False, [("<module>", 7), ("main", 6), ("chain_0_1", 4)]),
        (False, [("<module>", 7), ("main", 6), ("chain_0_0", 1), ("chain_0_1", 4)]),
        (False, [("<module>", 7), ("main", 6), ("chain_0_0", 2), ("chain_0_1", 2)]),
        (False, [("main", 6), ("chain_0_0", 2)]),
    ],
)
def test_call_graph(possible, frames):
    rows = [(1, [("chains_generated.py", *frame) for frame in frames], 3)]
    inside, impossible = check_stacks(ChainGraph(SOURCE), rows)
    assert inside == 3
    assert len(impossible) == (0 if possible else 1)


def test_shares():
    turns = Turns([["a" if n % 2 else "b", 0, 0, 10_000_000] for n in range(400)])
    samples = sum(turns.cpu_s.values()) * 1000
    bound = turns.bound(samples, 0)
    assert 0 < bound < 0.02
    assert total_variation({"a": 2000, "b": 2000}, turns.cpu_s) == pytest.approx(0)
    assert total_variation({"a": 2100, "b": 1900}, turns.cpu_s) > bound
    assert turns.bound(samples, 100) == pytest.approx(bound + 100 / samples)


def test_table():
    row = {"stacks": {"samples": 1000, "impossible": 2, "failed": 0}}
    text = table.page({"3.15-gil": row, "3.13-jit": {"skipped": "no such build"}})
    assert "| 3.15-gil | 2 of 1,000 (< 0.006" in text
    assert "| 3.13-jit | no such build |" in text
    assert table.upper_bound(0, 1000) == pytest.approx(0.003, rel=0.01)


AGAIN = """
import sys
sys.path.insert(0, {lib!r})
from shares import expect

runs = [0, 0, 0]

def run(test):
    runs[test] += 1
    return runs[test]

def test_for_a_moment():
    expect(run(0) == 3)

def test_each_time():
    expect(run(1) > 3)

def test_what_must_be():
    assert run(2) == 2
"""


def test_only_what_has_a_bound_is_measured_again(tmp_path):
    (options,) = re.findall(r"^PYTEST +:= \$\(PYTHON\) -m pytest (.*)$", (ROOT / "Makefile").read_text(), re.M)
    path = tmp_path / "test_again.py"
    path.write_text(AGAIN.format(lib=str(ROOT / "tests" / "lib")))
    command = [sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", *options.split(), path]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "2 failed, 1 passed, 4 rerun" in done.stdout, done.stdout
