# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each name, file and line that of the function that ran?"""

import collections
import json
import os
import pstats
import re
import resource

import pytest

from kernel import BpfStatistics, cpu_seconds
from profiled import Recording, check_share
from rawfile import RawFile
from tree import TARGETS

pytestmark = pytest.mark.thorough

CHURN = TARGETS / "churn.py"
CHURN_FILE = re.compile(r"<churn (\d+)>")
NAMES = TARGETS / "names.py"
LONG_LINES = 4000  # in front of the loop in its functions that go
RATE = 5000


def number_of(inside):
    """The number in the name of the outer function, and of the inner one in it; every part agrees. inside:
    (file, function, line), root first."""
    (file, outer, line), *rest = inside
    number = int(CHURN_FILE.fullmatch(file)[1])
    name = re.fullmatch(r"outer_(\d+)_(\d+)", outer)
    call_line = int(name[2])
    assert int(name[1]) == number, inside
    # Without the other one it can be at its first line, too.
    assert line == call_line or not rest and line == call_line - 1, inside
    if rest:
        ((inner_file, inner, line),) = rest
        name = re.fullmatch(r"inner_(\d+)_(\d+)_(\d+)", inner)
        assert (inner_file, int(name[1])) == (file, number), inside
        assert int(name[2]) <= line <= int(name[3]) == call_line - 2, inside
    return number


def churned(raw):
    """(time in ns, frames root first) of each sample in a churned function."""
    stacks = {}
    for stack, frames in raw.frames.items():
        frames = [(frame.filename, frame.qualname, frame.position[0]) for frame in reversed(frames)]
        inside = [frame for frame in frames if CHURN_FILE.fullmatch(frame[0])]
        if inside and inside[0][1] != "<module>":
            stacks[stack] = inside
    return [(sample.ts_ns, stacks[sample.stack]) for sample in raw.samples if sample.stack in stacks]


def test_functions_that_come_and_go(start, attach, figure, seconds, tmp_path):
    """What is sampled at an address that has had many owners has the name, the file and the line of its
    owner at that time; also at the very end, when the process is gone before its last records are read."""
    target = start(CHURN, seconds(1.5, 10))
    profile = attach(target.pid, "-r", RATE, "--raw", tmp_path / "raw")
    assert target.wait(timeout=10) == 0, target.error_output()
    calls, addresses, took_s = json.loads(target.output().splitlines()[-1])
    figure("addresses used again", 2 * len(calls) - addresses)
    assert addresses < 2 * len(calls)

    cnt = wrong = 0
    for ts_ns, inside in churned(RawFile(tmp_path / "raw")):
        # A name that was there before would be a good name, at a wrong time.
        begin, end = calls[number_of(inside)]
        wrong += not begin <= ts_ns <= end
        cnt += 1
    figure("functions a second", round(2 * len(calls) / took_s))
    figure("samples", cnt)
    figure("wrong", wrong)
    figure("failed", sum(profile.counts.failed.values()))
    assert wrong == 0
    assert cnt > 0.1 * profile.counts.status["SAMPLED"]
    assert profile.counts.failed == {}
    check_share(profile, RATE)


@pytest.fixture
def cpu_us(tachyon, tmp_path):
    """cpu_us(pid, duration): CPU time per sample of the profiler in user space, its start left out, and
    of its programs in the kernel."""

    def run(pid, duration):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with BpfStatistics(), Recording(tachyon, tmp_path, "attach", "-r", RATE, "-d", duration, pid) as recording:
            recording.wait_sampling()
            start_s = cpu_seconds(recording.process.pid)
            profile = recording.profile()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - start_s
        bpf_ns = int(re.search(r"bpf run_ns (\d+)", profile.stderr)[1])
        samples = profile.counts.status["SAMPLED"]
        return user_s / samples * 1e6, bpf_ns / samples / 1e3

    return run


@pytest.mark.flavours("gil", "free-threaded")
def test_cost_of_new_functions(start, cpu_us, figure, seconds):
    """Beside the same program that makes its functions once. The bound is in docs/design.md."""
    for what, kept in (("new", 0), ("known", 100)):
        duration = seconds(0.6, 10)
        target = start(CHURN, duration + 20, kept)
        user_us, bpf_us = cpu_us(target.pid, duration)
        target.end()
        figure(f"{what}: profiler (us a sample)", round(user_us, 1))
        figure(f"{what}: BPF (us a sample)", round(bpf_us, 1))


def unescaped(text):
    """As tests/tools/records.c wrote it."""
    return re.sub(r"\\([tnr\\])", lambda found: {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[found[1]], text)


@pytest.mark.flavours("gil", "free-threaded")
def test_long_parts_that_come_and_go(start, attach, figure, seconds, tmp_path):
    """Names and line tables that begin like others before them at their addresses, and end otherwise."""
    target = start(NAMES, "go", seconds(0.6, 5))
    profile = attach(target.pid, "-r", RATE, "--raw", tmp_path / "raw")
    assert target.wait(timeout=10) == 0, target.error_output()
    calls = json.loads(target.output().splitlines()[-1])
    raw = RawFile(tmp_path / "raw")
    cnt = wrong = unresolved = 0
    for sample in raw.samples:
        leaf = raw.frames[sample.stack][0]
        if leaf.filename != "names.py":
            unresolved += leaf.qualname.startswith("<unknown")
            continue
        begin, end, loop_line = calls[int(leaf.qualname.removeprefix("x" * 3000 + "_"))]
        line = leaf.position[0]
        wrong += not begin <= sample.ts_ns <= end or not (line <= LONG_LINES + 1 or line == loop_line)
        cnt += 1
    figure("samples", cnt)
    figure("wrong", wrong)
    figure("unresolved", unresolved)
    assert wrong == unresolved == 0
    assert cnt > 0.1 * profile.counts.status["SAMPLED"]


def escaped(text):
    """As collapsed files have it: docs/formats.md."""
    return re.sub(
        "[\0-\x1f;\x7f-\x9f\u2028\u2029]",
        lambda found: f"\\x{ord(found[0]):02x}" if found[0] < "\u0100" else f"\\u{ord(found[0]):04x}",
        text,
    )


def functions_of_collapsed(path, said):
    """{label: samples} of the leaf functions; each line must be well-formed."""
    known = {f"{escaped(os.path.basename(file))}:{escaped(name)}": lines for (file, name), lines in said.items()}
    found = collections.Counter()
    for text in path.read_text(encoding="utf-8", errors="surrogatepass").split("\n")[:-1]:
        stack, count = text.rsplit(" ", 1)
        tid, *frames = re.sub(r"^interp:\d+;", "", stack).split(";")
        assert re.fullmatch(r"tid:\d+", tid), text
        while frames and not frames[0].startswith("names.py:<module>:"):  # what has started the program
            del frames[0]
        del frames[:1]
        if len(frames) > 1:
            assert len(frames) == 2 and frames[0].startswith("names.py:stay:"), text
            label, line = frames[1].rsplit(":", 1)
            first, last = known[label]
            assert first <= int(line) <= last, text
            found[label] += int(count)
    assert set(found) == set(known)
    return found


def check_pstats(path, said):
    """Every name is exactly what it is."""
    found = {}
    for file, line, name in pstats.Stats(str(path)).stats:
        found.setdefault((file, name), []).append(line)
    assert set(said) <= set(found)
    for key, (first, last) in said.items():
        assert first <= min(found[key]) and max(found[key]) <= last, key


def lines_of_functions(target):
    """{(file, name): (first line, last line)}, as the program says in the end."""
    assert target.wait(timeout=20) == 0, target.error_output()
    said = json.loads(target.output().splitlines()[-1])
    return {(file, name): (first, last) for file, name, first, last in said}


def test_hard_names(start, attach, tachyon_run, figure, seconds, tmp_path):
    """Long, of each kind of string, not UTF-8, with what separates in the formats; long line tables."""
    target = start(NAMES, "stay", seconds(1, 5))
    profile = attach(target.pid, "-r", RATE, "-d", seconds(0.3, 2))
    table = tmp_path / "table.pstats"
    done = tachyon_run("attach", target.pid, "--mode", "cpu", "-r", RATE, "-d", 0.3, "--pstats", "-o", table)
    assert done.returncode == 0, done.stderr
    said = lines_of_functions(target)
    found = functions_of_collapsed(profile.path, said)
    check_pstats(table, said)
    figure("functions", len(found))
    figure("samples", sum(found.values()))
    figure("failed", sum(profile.counts.failed.values()))
    assert profile.counts.failed == {}


@pytest.mark.flavours("gil", "free-threaded")
def test_long_parts_in_a_small_ring(start, attach, figure, seconds):
    """It has no room for them: they are fetched from the program."""
    target = start(NAMES, "stay", seconds(0.6, 5))
    profile = attach(target.pid, "-r", RATE, "--ring-size", "64k", "-d", seconds(0.3, 2))
    found = functions_of_collapsed(profile.path, lines_of_functions(target))
    figure("samples", sum(found.values()))
    figure("failed", sum(profile.counts.failed.values()))
    assert profile.counts.failed == {}
