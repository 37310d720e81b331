# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The writers against the reference's own code (CPython 3.15 in the lab), both given the same
samples, and against every pstats module on this machine."""

import collections
import json
import os
import pathlib
import re
import subprocess

import pytest

from made_up import TOOL, run_tool
from tree import ALL_VERSIONS
from writer_cases import CASES, LIMITS, LOADER, REFERENCE, SORT_MODES, SORTS, describe


@pytest.fixture(scope="module")
def answers(lab, tmp_path_factory):
    """{case name: the reference's answers}"""
    tables = [
        [mode, limit, summary] for mode in SORT_MODES for limit in LIMITS for summary in (1, 0)
    ]
    inside = lab / "tmp" / f"writers-{os.getpid()}"
    inside.mkdir()
    try:
        (inside / "reference.py").write_text(REFERENCE)
        cases = [dict(case, mode=1, tables=tables) for case in CASES.values()]
        (inside / "cases.json").write_text(json.dumps(cases))
        names = ("reference.py", "cases.json", "lines.txt", "answers.json")
        paths = [f"/tmp/{inside.name}/{name}" for name in names]
        subprocess.run(["chroot", lab, "python3.15", *paths], check=True, timeout=300)
        return dict(zip(CASES, json.loads((inside / "answers.json").read_text()), strict=True))
    finally:
        for path in inside.iterdir():
            path.unlink()
        inside.rmdir()


@pytest.fixture(params=CASES)
def case(request, answers, tmp_path):
    """A case with the reference's answers and the description for the tool."""
    path = tmp_path / "case.txt"
    path.write_text(describe(CASES[request.param]))
    return dict(CASES[request.param], answer=answers[request.param], path=path)


def test_table_is_the_reference_to_the_byte(case):
    tables = iter(case["answer"]["tables"])
    for sort in range(len(SORTS)):
        for limit in LIMITS:
            for summary in (1, 0):
                done = run_tool(case["path"], "pstats", "default", sort, limit, summary, 0)
                what = f"--sort {SORTS[sort]} --limit {limit} summary {summary}"
                assert done.stdout.decode() == next(tables), what


def test_colors_are_the_references(case):
    colors = dict(os.environ, FORCE_COLOR="1")
    assert run_tool(case["path"], "pstats", "-", env=colors).stdout.decode() == case["answer"]["colored"]
    plain = run_tool(case["path"], "pstats", "-", env=dict(colors, NO_COLOR="1")).stdout.decode()
    assert "\x1b" not in plain and "\x1b" not in run_tool(case["path"], "pstats", "-").stdout.decode()


def test_summary_keeps_a_name_with_a_colon_whole(tmp_path):
    """The reference splits "~:<unknown: fault>" at its last colon."""
    case = {"period_us": 1000, "samples": [[1, 1, [["~", 0, "<unknown: fault>"]]]]}
    path = tmp_path / "case.txt"
    path.write_text(describe(case))
    table = run_tool(path, "pstats", "default").stdout.decode()
    assert "100.0% direct samples: ~:(<unknown: fault>)\n" in table


def test_collapsed_is_the_reference(case, tmp_path):
    ours = run_tool(case["path"], "collapsed", "-").stdout.decode("utf-8", "surrogatepass")
    theirs = case["answer"]["collapsed"]
    assert ours == merge_equal(theirs)
    path = tmp_path / "out.txt"
    message = run_tool(case["path"], "collapsed", path).stdout.decode()
    assert path.read_bytes().decode("utf-8", "surrogatepass") == ours
    assert message == f"Collapsed stack output written to {path}\n"
    assert case["answer"]["message"].startswith("Collapsed stack output written to ")
    assert sum(int(line.rsplit(" ", 1)[1]) for line in ours.splitlines()) == sum(
        weight for _, weight, _ in case["samples"]
    )


def merge_equal(text):
    """The reference writes a stack twice if it differs only in the directories of its files."""
    sums = {}
    for line in text.splitlines():
        stack, weight = line.rsplit(" ", 1)
        sums[stack] = sums.get(stack, 0) + int(weight)
    rows = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return "".join(f"{stack} {weight}\n" for stack, weight in rows)


def pythons(lab):
    """Every Python from 3.9 that is here: [(name, command)]"""
    found = [
        (f"lab {version}", ["chroot", str(lab), f"python{version}"]) for version in ALL_VERSIONS
    ]
    others = [pathlib.Path("/usr/bin/python3")]
    others += sorted(pathlib.Path.home().glob(".pyenv/versions/*/bin/python3"))
    for path in others:
        if not path.exists():
            continue
        asked = [path, "-c", "import sys; print(sys.version_info >= (3, 9))"]
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout == "True\n":
            found.append((str(path), [str(path)]))
    return found


def load(command, lab_dir, data):
    """What the pstats module of that Python makes of a file with these bytes."""
    (lab_dir / "loader.py").write_text(LOADER)
    (lab_dir / "profile.pstats").write_bytes(data)
    done = subprocess.run(
        [*command, lab_dir / "loader.py", lab_dir / "profile.pstats"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def once_per_sample(samples):
    """{(callee, caller): (samples, samples with the callee as leaf)}"""
    calls = {}
    for _, weight, stack in samples:
        pairs = [(tuple(stack[i]), tuple(stack[i + 1])) for i in range(len(stack) - 1)]
        for pair in set(pairs):
            calls.setdefault(pair, [0, 0])[0] += weight
        if pairs:
            calls[pairs[0]][1] += weight
    return calls


def check_rows(rows, case):
    theirs = {tuple(row[0]): row for row in case["answer"]["stats"]}
    calls = once_per_sample(case["samples"])
    period_s = case["period_us"] / 1000000
    assert [tuple(key) for key, _, _ in rows] == list(theirs)
    for key, values, callers in rows:
        assert values == theirs[tuple(key)][1:5]
        assert [caller for caller, _ in callers] == [caller for caller, _ in theirs[tuple(key)][5]]
        for (caller, edge), (_, count) in zip(callers, theirs[tuple(key)][5]):
            samples, direct = calls[tuple(key), tuple(caller)]
            assert edge == [samples, samples, direct * period_s, samples * period_s]
            assert samples <= count  # theirs counts a recursive call several times per sample


@pytest.mark.parametrize("name", CASES)
def test_file_has_the_references_values(name, answers, lab, lab_dir, tmp_path):
    case = dict(CASES[name], answer=answers[name])
    path = tmp_path / "case.txt"
    path.write_text(describe(case))
    out = tmp_path / "out.pstats"
    assert run_tool(path, "pstats", out).stdout == b""
    status, text, error = load(["chroot", str(lab), "python3.15"], lab_dir, out.read_bytes())
    if not case["samples"]:
        assert "Cannot create or construct" in error  # as with a file of the reference
        return
    assert status == 0, error
    check_rows(json.loads(text)["rows"], case)


@pytest.mark.parametrize("name", ("recursion", "odd_names"))
def test_file_loads_in_every_python(name, answers, lab, lab_dir, tmp_path):
    case = dict(CASES[name], answer=answers[name])
    path = tmp_path / "case.txt"
    path.write_text(describe(case))
    out = tmp_path / "out.pstats"
    run_tool(path, "pstats", out)
    commands = pythons(lab)
    assert len(commands) >= 3
    for label, command in commands:
        status, text, error = load(command, lab_dir, out.read_bytes())
        assert status == 0, f"{label}: {error}"
        loaded = json.loads(text)
        assert loaded["type"] == "Stats"
        assert "was called by..." in loaded["text"]
        check_rows(loaded["rows"], case)


def test_sampled_marker_is_for_3_15_only(answers, lab, lab_dir, tmp_path):
    path = tmp_path / "case.txt"
    path.write_text(describe(CASES["seconds"]))
    out = tmp_path / "out.pstats"
    run_tool(path, "pstats", out, 0, 15, 1, 1)
    status, text, error = load(["chroot", str(lab), "python3.15"], lab_dir, out.read_bytes())
    assert status == 0, error
    loaded = json.loads(text)
    assert loaded["type"] == "SampledStats"
    assert "nsamples" in loaded["text"]
    check_rows(loaded["rows"], dict(CASES["seconds"], answer=answers["seconds"]))
    status, _, error = load(["chroot", str(lab), "python3.14"], lab_dir, out.read_bytes())
    assert status != 0 and "cannot unpack non-iterable bool" in error


def test_lone_surrogates(lab, lab_dir, tmp_path):
    """As in a file name that is not UTF-8: through to the files, escaped on a terminal."""
    case = {"period_us": 1000, "samples": [[1, 2, [["/a/\udcff.py", 5, "\ud800f"]]]]}
    path = tmp_path / "case.txt"
    path.write_text(describe(case))
    assert "\\udcff.py:5(\\ud800f)\n" in run_tool(path, "pstats", "-").stdout.decode()
    collapsed = run_tool(path, "collapsed", "-").stdout
    assert collapsed == "tid:1;\udcff.py:\ud800f:5 2\n".encode("utf-8", "surrogatepass")
    run_tool(path, "pstats", tmp_path / "out.pstats")
    for version in ("3.13", "3.15"):
        data = (tmp_path / "out.pstats").read_bytes()
        status, text, error = load(["chroot", str(lab), f"python{version}"], lab_dir, data)
        assert status == 0, error
        assert json.loads(text)["rows"][0][0] == ["/a/\udcff.py", 5, "\ud800f"]


def test_names_cannot_break_lines(tmp_path):
    names = ["a\nb", "a\r", "a;b 3", "\x1b[31m", "\x85", "\u2028", "tab\t", "nul\0"]
    case = {"period_us": 1000, "samples": [[1, 1, [[f"/x/{name}", 1, name]]] for name in names]}
    path = tmp_path / "case.txt"
    path.write_text(describe(case))
    lines = run_tool(path, "collapsed", "-").stdout.decode().splitlines()
    assert len(lines) == len(names)
    assert all(line.startswith("tid:1;") and line.count(";") == 1 for line in lines)
    assert r"tid:1;a\x3bb 3:a\x3bb 3:1 1" in lines
    assert r"tid:1;\u2028:\u2028:1 1" in lines
    table = run_tool(path, "pstats", "-", 0, 100, 0, 0).stdout.decode()
    assert len(table.splitlines()) == 2 + len(names) + 8
    assert r"\x1b[31m:1(\x1b[31m)" in table


LEVELS = {
    # name: ([pid of a process], [(process, interpreter, tid)], prefixes of their lines)
    "one": ([7], [(0, 0, 1), (0, 0, 10)], ["tid:1;", "tid:10;"]),
    "one, another interpreter": ([7], [(0, 3, 1)], ["tid:1;"]),
    "interpreters": ([7], [(0, 0, 1), (0, 2, 1), (0, 10, 1)], ["interp:0;tid:1;", "interp:2;tid:1;", "interp:10;tid:1;"]),
    "processes": ([7, 30], [(0, 0, 1), (1, 0, 1)], ["pid:7;tid:1;", "pid:30;tid:1;"]),
    "one interpreter each": ([7, 30], [(0, 0, 1), (1, 2, 1)], ["pid:7;tid:1;", "pid:30;tid:1;"]),
    "all": (
        [7, 30],
        [(0, 0, 1), (1, 0, 1), (1, 1, 1), (1, 1, 2)],
        ["pid:7;interp:0;tid:1;", "pid:30;interp:0;tid:1;", "pid:30;interp:1;tid:1;", "pid:30;interp:1;tid:2;"],
    ),
    "a number that came back": ([7, 7], [(0, 0, 1), (1, 0, 1)], ["tid:1;", "tid:1;"]),
}


def describe_levels(pids, whos, silent=()):
    """Each thread has samples of its own stack and of one that all have; those of silent have none."""
    lines = ["pid 7", "period_ns 1000000", "mode cpu", f"frame {b'a.py'.hex()} {b'f'.hex()} 1 1 0 1"]
    lines += [f"frame {b'a.py'.hex()} {b'g'.hex()} {n} {n} 0 1" for n in range(len(whos))]
    lines += [f"process {pid} - -" for pid in pids] + ["stack 1000 0"]
    lines += [f"who {process} {interp} {tid} 0 -" for process, interp, tid in [*whos, *silent]]
    for number in range(len(whos)):
        lines += [f"stack {number} {number + 1} 0", f"event 1 {number} {number} 0 {number + 1}"]
        lines += [f"event 2 {number} 1000 0 5"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", LEVELS)
def test_levels_with_more_than_one(tmp_path, name):
    """What nobody has a sample of does not count."""
    pids, whos, prefixes = LEVELS[name]
    path = tmp_path / "case.txt"
    path.write_text(describe_levels([*pids, 99], whos, silent=[(len(pids), 0, 1), (0, 77, 1)]))
    lines = run_tool(path, "collapsed", "-").stdout.decode().splitlines()
    wanted = collections.Counter()
    for number, prefix in enumerate(prefixes):
        wanted[f"{prefix}a.py:f:1"] += 5
        wanted[f"{prefix}a.py:f:1;a.py:g:{number}"] += number + 1
    assert lines == [f"{stack} {n}" for stack, n in sorted(wanted.items(), key=lambda row: (-row[1], row[0]))]


# How the consumers take a line apart: FlameGraph (flamegraph.pl; a stack that ends in a number is a difference of
# two), speedscope (import/bg-flamegraph.ts), the Firefox Profiler (profile-logic/import/flame-graph.ts).
FLAMEGRAPH = re.compile(r"(.*)\s+?(\d+(?:\.\d*)?)$")
READERS = {
    "flamegraph": FLAMEGRAPH.match,
    "speedscope": re.compile(r"(.*) (\d+)$").match,
    "firefox": re.compile(r"([^;]*(?:;[^;]*)*) ([0-9]+)").search,
}


@pytest.mark.parametrize("reader", READERS)
def test_names_do_not_surprise_the_readers(tmp_path, reader):
    names = ["f", "a b", "a;b 3", "thread 12", "12", "x 1.5", "# f", "{", "", " ", "\u3000 7", "\x85 5", "\u2028", "f_[j]"]
    frames = [[f"/x/{file}", line, func] for file in names for func in names for line in (1, 0)]
    frames += [["~", 0, name] for name in ("<GC>", "<unknown: fault>", "<lost stack>")]
    samples = [[7, n % 4 + 1, [frame, frames[-n]]] for n, frame in enumerate(frames)]
    path = tmp_path / "case.txt"
    path.write_text(describe({"period_us": 1000, "samples": samples}))
    text = run_tool(path, "collapsed", "-").stdout.decode()
    assert not text.startswith("{")  # JSON, to Firefox
    # Perl splits at \n; JavaScript's "." stops at others, too.
    lines = re.split("[\n\r\u2028\u2029]", text)
    assert lines.pop() == ""
    total = 0
    for line in lines:
        stack, count = READERS[reader](line).groups()
        assert not FLAMEGRAPH.match(stack)
        assert re.fullmatch(r"tid:7;[^;]+;[^;]+", stack)
        total += int(count)
    assert total == sum(weight for _, weight, _ in samples)


def test_empty_profile(tmp_path):
    path = tmp_path / "case.txt"
    path.write_text("pid 1\nmode wall\n")
    assert run_tool(path, "pstats", "default").stdout == b"No samples were collected.\n"
    run_tool(path, "collapsed", tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_bytes() == b""


def entries(directory):
    return sorted(entry.name for entry in directory.iterdir())


def test_default_names(tmp_path):
    path = tmp_path / "case.txt"
    path.write_text(describe(CASES["one"]))
    out = run_tool(path, "collapsed", "default", cwd=tmp_path).stdout
    assert out == b"Collapsed stack output written to collapsed_4711.txt\n"
    inside = tmp_path / "results"
    inside.mkdir()
    out = run_tool(path, "collapsed", inside).stdout.decode()
    assert out == f"Collapsed stack output written to {inside}/collapsed_4711.txt\n"
    assert run_tool(path, "pstats", f"{inside}/").stdout == b""
    assert entries(inside) == ["collapsed_4711.txt", "pstats_4711.pstats"]
    assert entries(tmp_path) == ["case.txt", "collapsed_4711.txt", "results"]


@pytest.mark.parametrize("name", ("pstats", "collapsed"))
def test_full_disk(name, tmp_path, monkeypatch):
    """The profile is not lost: it goes where temporary files go."""
    path = tmp_path / "case.txt"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    path.write_text(describe(CASES["seconds"]))
    error = run_tool(path, name, "/dev/full", status=1).stderr.decode()
    (saved,) = temporary.iterdir()
    assert error == (
        "write: cannot write /dev/full: No space left on device; "
        f"make room, or give another place with -o; the profile is in {saved}\n"
    )
    run_tool(path, name, tmp_path / "wanted")
    assert saved.read_bytes() == (tmp_path / "wanted").read_bytes()
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [TOOL, path, name, "-"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"cannot write standard output: No space left on device" in done.stderr
    # A small file system that fills up: the old profile stays, nothing else remains.
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", disk], check=True)
    try:
        (disk / "out").write_text("old")
        error = run_tool(path, name, disk / "out", status=1).stderr.decode()
        assert "No space left on device" in error and error.count("\n") == 1
        assert entries(disk) == ["out"]
        assert (disk / "out").read_text() == "old"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_open_descriptors(tmp_path):
    path = tmp_path / "case.txt"
    path.write_text(describe(CASES["one"]))
    for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"):
        assert run_tool(path, "collapsed", name).stdout == b"tid:1;a.py:f:1 1\n"
    done = run_tool(path, "collapsed", "/dev/stderr")
    assert done.stderr == b"tid:1;a.py:f:1 1\n"
    assert run_tool(path, "pstats", "/dev/stdout").stdout.startswith(b"{(")
    assert b"not open for writing" in run_tool(path, "collapsed", "/dev/fd/77", status=1).stderr
