# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--pprof as `go tool pprof` reads it."""

import ast
import collections
import datetime
import functools
import gzip
import json
import re
import time

import pytest

import pprof
from made_up import GIL_REQUESTED, HAS_GIL, ON_CPU, MadeUp
from made_up_cases import MARKER, deep, hard_names, many
from profiled import Recording
from rawfile import RawFile
from tree import TARGETS, VERSIONS

MODE = {0: "off CPU", 1: "on CPU"}


@functools.cache
def shown(text):
    """As names are written: what is no UTF-8 or could move a terminal's cursor is escaped."""

    def escape(char):
        code = ord(char)
        if code < 0x20 or 0x7F <= code < 0xA0:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code in (0x2028, 0x2029) or 0xD800 <= code < 0xE000 else char

    return "".join(map(escape, text))


@functools.cache
def place(file, line, function):
    return f"{shown(function)} {'' if (file, line) == ('~', 0) else shown(file)}:{max(line, 0)}"


def location(frame):
    """As -raw shows it: with the first line, and what the linker calls the function, which is nothing, if that is not
    how everybody calls it."""
    file, line, function, *first_line = frame
    return f"{place(file, line, function)} s={sum(first_line)}{'()' if function else ''}"


def labels(pid, tid, name, state, interp=None):
    found = {"pid": pid, "tid": tid, "state": MODE[state & ON_CPU]}
    if state & GIL_REQUESTED and not state & ON_CPU:
        found["state"] = "waiting for GIL"
    if state & HAS_GIL:
        found["gil"] = "held"
    if interp is not None:
        found["interp"] = interp
    if name:
        found["thread"] = shown(name)
    return " ".join(sorted(f"{key}:[{value}]" for key, value in found.items()))


class Expected:
    """What has to be in the file of a made-up recording, added up in the simplest way."""

    def __init__(self, made_up):
        self.counts = collections.Counter()
        self.lines = collections.defaultdict(lambda: [0, 0])  # {line: [flat, cum]}
        self.functions = collections.defaultdict(lambda: [0, 0])
        for sample in made_up.samples:
            thread = made_up.threads[sample.thread]
            key = labels(made_up.processes[thread.process].pid, thread.tid, thread.name, sample.state)
            self.counts[tuple(map(location, sample.stack)), key] += sample.weight
            self.add(self.lines, [place(*frame[:3]).removesuffix(" :0").removesuffix(":0") for frame in sample.stack], sample)
            self.add(self.functions, [shown(function) for _, _, function, *_ in sample.stack], sample)

    @staticmethod
    def add(rows, names, sample):
        rows[names[0]][0] += sample.weight
        for name in set(names):
            rows[name][1] += sample.weight


def write(made_up, directory):
    path = directory / "out.pb.gz"
    path.write_bytes(made_up.write(directory / "made_up.txt", "pprof"))
    return path


def check(path, made_up):
    expected, raw = Expected(made_up), pprof.Raw(path)
    assert raw.counts == expected.counts
    assert all(ns == count * made_up.period_ns for count, ns in raw.samples.values())
    return expected, raw


def rows(found):
    return {name: tuple(row) for name, row in found.items()}


def test_many(tmp_path):
    """100,000 samples, 3 processes, 50 threads: each stack in each state, each line, each label."""
    made_up = many(1)
    path = write(made_up, tmp_path)
    expected, raw = check(path, made_up)
    assert len(expected.counts) > 40_000
    assert f"\nPeriodType: {made_up.mode} nanoseconds\nPeriod: 1000000" in raw.header
    assert raw.types == f"{made_up.mode}/nanoseconds[dflt]"
    assert raw.mappings == "1: 0x0/0x0/0x0 python3.0  [FN][FL][LN]\n"
    assert pprof.top(path, "-lines", "-sample_index=samples") == rows(expected.lines)
    found = pprof.tags(path, "-sample_index=samples")
    sums = collections.Counter()
    for (_, text), count in expected.counts.items():
        for word in re.findall(r"\w+:\[.*?\]", text):
            sums[word] += count
    assert {f"{key}:[{value}]": count for key, values in found.items() for value, count in values.items()} == sums
    assert {key: len(sums) for key, sums in found.items()} == {"pid": 3, "tid": 50, "thread": 50, "state": 3, "gil": 1}
    for process in made_up.processes:
        assert f"\nComment: #process {process.pid}: {process.command}\n" in raw.header


def test_hard_names(tmp_path):
    made_up = hard_names()
    path = write(made_up, tmp_path)
    expected, raw = check(path, made_up)
    assert raw.mappings == "1: 0x0/0x0/0x0 py\\x0a\"'x;  [FN][FL][LN]\n"
    assert pprof.pprof(path, "-comments").endswith('\n#process 7: python3 -c "\\x0a\\x1b[31m ü;\\udcff"\n')
    traces = pprof.pprof(path, "-traces", "-sample_index=samples").split("-" * 11 + "+" + "-" * 55 + "\n")
    program = "[py\\x0a\"'x;]"  # it shows that for what has no name
    assert sorted(trace.split("\n")[-2].lstrip() for trace in traces[1:-1]) == sorted(
        f"{sample.weight}   {shown(sample.stack[0][2]) or program}" for sample in made_up.samples
    )
    # Readers of other languages than Go insist on it: every string is UTF-8.
    assert len([text.decode() for text in strings(gzip.decompress(path.read_bytes()))]) > len(made_up.samples)


def strings(data):
    """The string table, field 6 of the message."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            at += 1
            value |= (data[at - 1] & 0x7F) << shift
            shift += 7
            if data[at - 1] < 0x80:
                return value

    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            at += value
        if tag == 6 << 3 | 2:
            yield data[at - value : at]


def test_deep(tmp_path):
    """2,000 frames; a function counts once for a sample, however often it is on the stack."""
    made_up = deep()
    path = write(made_up, tmp_path)
    expected, _ = check(path, made_up)
    assert max(len(stack) for stack, _ in expected.counts) == 2000
    in_ns = {name: [value * made_up.period_ns for value in row] for name, row in expected.functions.items()}
    assert pprof.top(path, "-unit=ns") == rows(in_ns)


def test_interpreters(tmp_path):
    """Named where there is more than the main one."""
    made_up = MadeUp()
    process = made_up.process(7)
    for interp in (0, 3):
        made_up.sample(interp, made_up.thread(process, 7, interp=interp), (MARKER,), ON_CPU)
    raw = pprof.Raw(write(made_up, tmp_path))
    assert {text for _, text in raw.samples} == {labels(7, 7, "", ON_CPU, interp) for interp in (0, 3)}


def test_large_values(tmp_path):
    """What does not fit into the format's signed numbers is its largest."""
    made_up = MadeUp(period_ns=10**18)
    thread = made_up.thread(made_up.process(7), 7)
    for n in range(3):
        made_up.sample(n, thread, (MARKER,), ON_CPU, 4_000_000_000)
    raw = pprof.Raw(write(made_up, tmp_path))
    assert list(raw.samples.values()) == [[12_000_000_000, 2**63 - 1]]


@pytest.mark.parametrize("mode", ("wall", "cpu", "gil", "exception"))
def test_empty(tmp_path, mode):
    path = write(MadeUp(mode=mode), tmp_path)
    raw = pprof.Raw(path)
    assert (raw.samples, raw.types) == ({}, f"{mode}/nanoseconds[dflt]")
    assert pprof.top(path) == {}
    assert pprof.pprof(path, "-traces").startswith(f"Type: {mode}\n")


def records(path, pid, names):
    """{(places, labels): count} of a file of raw records."""
    raw = RawFile(path)
    found = collections.Counter()
    for sample in raw.samples:
        places = [place(frame.filename, frame.position[0], frame.qualname) for frame in raw.frames[sample.stack]]
        found[tuple(places), labels(pid, sample.tid, names[sample.tid], sample.state)] += sample.weight
    return found


def first_lines(path):
    """{function: line} of a program, by qualified name."""
    found = {"<module>": 1}

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            is_function = isinstance(child, ast.FunctionDef)
            if is_function:
                found[prefix + child.name] = child.lineno
            visit(child, f"{prefix}{child.name}.<locals>." if is_function else prefix)

    visit(ast.parse(path.read_text()), "")
    return found


@pytest.mark.parametrize("python_version", VERSIONS[-1:])
def test_recording(tachyon, lab_python, lab_dir, tmp_path, python_version):
    """A real one, against the same recording's records and what the program says of itself."""
    program, go = TARGETS / "threads.py", lab_dir / "go"
    target = lab_python(python_version, program, go, "python")
    target.wait_line()
    before = time.time()
    options = ("-a", "--mode", "wall", "--raw", tmp_path / "records", target.pid)
    with Recording(tachyon, tmp_path, "attach", *options, output="out", form="--pprof") as recording:
        recording.wait_sampling()
        go.touch()
        assert recording.wait() == 0, recording.stderr.read_text()
    path, stdout = recording.output, recording.stdout.read_text()
    said = json.loads(target.output().splitlines()[-1])

    raw, comm = pprof.Raw(path), f"python{python_version}"
    names = dict.fromkeys(said.values(), comm)
    if python_version >= "3.14":  # threads tell the kernel their names
        names |= {said["first"]: "Thread-1 (first", said["second"]: "Thread-2 (secon"}
    found = collections.Counter()
    for (stack, text), count in raw.counts.items():
        found[tuple(location.rsplit(" s=", 1)[0] for location in stack), text] += count
    assert found == records(tmp_path / "records", target.pid, names)
    samples = sum(raw.counts.values())
    captured, duration = re.search(r"^Captured (\d+) samples in ([\d.]+) seconds", stdout, re.M).groups()
    assert samples == int(captured)
    assert all(ns == count * 1_000_000 for count, ns in raw.samples.values())

    # What the program knows: who ran what, where that stands.
    first, seen = first_lines(program), set()
    for location in raw.locations.values():
        function, file, line = re.fullmatch(r"(.*) (.*):\d+ s=(\d+)\(\)", location).groups()
        if file == f"{lab_dir}/threads.py":
            assert int(line) == first[function]
            seen.add(function)
    assert {"<module>", "spin", "python", *(f"python.<locals>.{name}" for name in said)} <= seen
    for name, tid in said.items():
        only = pprof.tags(path, f"-focus=^python.<locals>.{name}$", "-sample_index=samples")
        assert set(only["tid"]) == {str(tid)} and set(only["pid"]) == {str(target.pid)}
        assert only["state"]["on CPU"] > 100
    assert "spin" in pprof.pprof(path, "-list=^spin$")
    assert pprof.pprof(path, "-top").startswith(f"File: {comm}\nType: wall\nTime: ")
    start, shown = re.search(r"^Time: (.*)\d{3} \+0000 UTC\nDuration: ([\d.]+)", raw.header, re.M).groups()
    assert before < datetime.datetime.fromisoformat(f"{start}+00:00").timestamp() < time.time() - float(duration)
    # It shows four characters of what it has: of "789.2ms" no unit is left.
    shown_s = float(shown) / (1000 if float(shown) > 60 else 1)
    assert abs(shown_s - float(duration)) < 0.02  # each is rounded
