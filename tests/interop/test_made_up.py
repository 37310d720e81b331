# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Made-up recordings that are hard to read. Whatever a reader says of one is compared with what was put in."""

import collections
import itertools

import pytest

from made_up_cases import MARKER, deep, hard_names, many

CASES = {"many": many(1), "hard_names": hard_names(), "deep": deep()}
FEWER = CASES | {"many": many(1, samples=10_000)}  # for who wants to have every frame's beginning and end


def key_of(case, thread):
    return str(case.processes[case.threads[thread].process].pid), case.threads[thread].tid


def threads_with_samples(case):
    return sorted({sample.thread for sample in case.samples})


def functions(case, thread):
    """[(function, samples as leaf, samples in which it was on the stack)]"""
    leaf, anywhere = collections.Counter(), collections.Counter()
    for sample in case.samples:
        if sample.thread == thread:
            stack = [(file, name, *first_line) for file, _, name, *first_line in sample.stack]
            leaf[stack[0]] += sample.weight
            for function in set(stack):
                anywhere[function] += sample.weight
    return [(function[1], leaf[function], total) for function, total in anywhere.items()]


@pytest.mark.parametrize("name", CASES)
def test_in_the_firefox_profiler(name, firefox, tmp_path):
    case, path = CASES[name], tmp_path / "profile.json"
    case.write(tmp_path / "made_up.txt", "gecko", path)
    profile = firefox(path)
    meta = profile.ask("profile", "meta")
    assert meta["arguments"] == case.processes[0].command
    assert meta["startTime"] == 1_700_000_000_123.456
    threads = profile.threads()
    assert set(threads) == {key_of(case, thread) for thread in range(len(case.threads))}
    asked = threads_with_samples(case)
    for thread in {asked[0], asked[-1]}:
        found, expected = threads[key_of(case, thread)], functions(case, thread)
        name = case.threads[thread].name
        assert found["name"] == ("MainThread" if case.threads[thread].main else name or f"Thread-{found['tid']}")
        assert sorted(profile.functions(found)) == sorted(expected)
        assert profile.total(found) == sum(each.weight for each in case.samples if each.thread == thread)


def stretches(case, thread):
    """As speedscope shows them: [([(name, file, line), ...] root first, seconds), ...]"""
    rows = [(sample.stack, sample.weight) for sample in case.samples if sample.thread == thread]
    found = []
    for stack, same in itertools.groupby(rows, lambda row: [frame[:3] for frame in row[0]]):
        frames = [(name, None if file == MARKER[0] else file, line if line > 0 else None) for file, line, name in stack]
        found.append((frames[::-1], sum(weight for _, weight in same) * case.period_ns / 1e9))
    return found


@pytest.mark.parametrize("name", FEWER)
def test_in_speedscope(name, speedscope, tmp_path):
    case = FEWER[name]
    profiles = speedscope.load("profile.json", case.write(tmp_path / "made_up.txt", "speedscope"))
    asked = threads_with_samples(case)
    assert len(profiles) == len(asked)
    for thread in asked:
        pid, tid = key_of(case, thread)
        (found,) = (each for name, each in profiles.items() if name.endswith(f" ({tid})") and f" {pid}: " in name)
        expected = stretches(case, thread)
        assert [stack for stack, _ in found] == [stack for stack, _ in expected]
        assert [weight for _, weight in found] == pytest.approx([weight for _, weight in expected])


def test_what_they_refuse(firefox, speedscope, tmp_path):
    """Their complaints are heard: a profile that they cannot read would fail a test."""
    path = tmp_path / "profile.json"
    path.write_text('{"meta": {}, "threads": []}')
    with pytest.raises(AssertionError, match="Failed to load"):
        firefox(path)
    assert speedscope.load("profile.json", b'{"profiles": []}') == (
        "alert: Unrecognized format! See documentation about supported formats."
    )
