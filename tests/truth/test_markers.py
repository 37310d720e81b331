# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Do the frames <GC> and <native> stand where garbage was collected, and where C code called Python code?"""

import collections
import json
import marshal

import pytest

from profiled import Recording
from rawfile import RawFile
from shares import Turns, expect, total_variation
from tree import TARGETS

RATE = 1000
GC, NATIVE = "<GC>", "<native>"

# From the root on behind main(): functions, and the markers between them where each version has them.
CALLS = {
    "work": ["main", "work", "spin"],
    "collect": ["main", "collect", GC],
    "finalize": ["main", "reclaim", GC, "Cycle.__del__", "finalize", "spin"],
    "key": ["main", "sort", NATIVE, "key", "spin"],
    "called_back": ["main", "call_c", NATIVE, "called_back", "spin"],
}


def expected(function, version):
    """Before 3.15 there is only the word that a collection goes on: <GC> is the leaf."""
    calls = CALLS[function]
    if function == "finalize" and version != "3.15":
        return [NATIVE if name == GC else name for name in calls] + [GC]
    return calls


def is_possible(names, function, version):
    """Whether these names, root first, can be met while that function runs."""
    names = names[names.index("main") :]
    calls = expected(function, version)
    if names == calls:
        return True
    # Its own code, in front of or behind what it measures.
    leaf = [GC] if calls[-1] == GC and function == "finalize" else []
    own = calls[: calls.index(function) + 1] + leaf
    return names == own or names[: len(own) + 1] == own[: len(own) - len(leaf)] + ["turn"] + leaf


def running(names, functions):
    known = [name for name in names if name in functions]
    return known[-1] if known else None


@pytest.mark.flavours("gil", "free-threaded", "debug")
def test_known_markers(start, attach, cell, lab_dir, figure, seconds):
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    duration = seconds(3, 20)
    target = start(TARGETS / "markers.py", duration, truth_path)
    profile = attach(target.pid, "--native", "-r", RATE, "-d", duration + 5, "--raw", raw_path, gc=True)
    raw = RawFile(raw_path)
    turns = Turns(json.loads(truth_path.read_text()))
    turns = turns.between(raw.samples[0].ts_ns, raw.samples[-1].ts_ns)
    begin, end = turns.turns[0][1], turns.turns[-1][2]

    ours, impossible = collections.Counter(), collections.Counter()
    for sample in raw.samples:
        names = [frame.qualname for frame in reversed(raw.frames[sample.stack])]
        function = running(names, CALLS)
        if not function or not begin <= sample.ts_ns <= end:
            continue
        if not is_possible(names, function, cell.version):
            impossible[";".join(names)] += sample.weight
        if function != "collect" or names[-1] == GC:
            ours[function] += sample.weight
    samples, due = sum(ours.values()), RATE * sum(turns.cpu_s.values())
    distance, bound = total_variation(ours, turns.cpu_s), turns.bound(samples, due - samples)
    figure("samples", samples)
    figure("impossible", sum(impossible.values()))
    figure("total variation", distance)
    figure("bound", bound)
    assert not impossible
    assert profile.counts.failed == {}
    expect(samples >= 0.9 * due, samples, due)
    expect(distance <= bound, ours, turns.cpu_s)


@pytest.mark.flavours("gil")
def test_outputs(tachyon, start, lab_dir, tmp_path):
    """What is asked for is shown, in each output as it is in the reference's."""
    target = start(TARGETS / "markers.py", 60, lab_dir / "truth.json")
    shown = {}
    for number, options in enumerate([(), ("--no-gc",), ("--native", "--no-gc")]):
        directory = tmp_path / str(number)
        directory.mkdir()
        rows = Recording(tachyon, directory, "attach", *options, "-d", 0.5, target.pid, gc=True).profile().rows
        shown[options] = {frame for _, frames, _ in rows for frame in frames if frame[0] == "~"}
    assert shown == {(): {("~", GC, 0)}, ("--no-gc",): set(), ("--native", "--no-gc"): {("~", NATIVE, 0)}}

    stats = tmp_path / "profile.pstats"
    Recording(
        tachyon, tmp_path, "attach", "--native", "-d", 0.5, target.pid, gc=True, output=stats, form="--pstats"
    ).wait()
    keys = marshal.loads(stats.read_bytes())
    assert ("~", 0, GC) in keys and ("~", 0, NATIVE) in keys
