# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Does `dump` show the stacks that the threads have?"""

import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from callgraph import ChainGraph, check_stacks
from processes import wait_until
from tree import ROOT, TARGETS

HEADER = re.compile(r"Stack dump(?: for PID (\d+))?, thread (\d+) \((.*); most recent call last\):")
FRAME = re.compile(r'  File "(.*?)"(?:, line (\d+))?, in (.*)')

Section = collections.namedtuple("Section", "pid labels frames sources")


def sections(text):
    """{tid: Section}; frames root first, (file, line, function)."""
    found = {}
    for part in text.removesuffix("\n").split("\n\n"):
        header, *lines = part.split("\n")
        pid, tid, labels = HEADER.fullmatch(header).groups()
        frames, sources = [], []
        for line in lines:
            match = FRAME.fullmatch(line)
            if line.startswith("    "):
                sources[-1] = line[4:]
            else:
                frames.append((match[1], int(match[2] or 0), match[3]) if match else ("~", 0, line[2:]))
                sources.append(None)
        found[int(tid)] = Section(pid, labels.split(", "), frames, sources)
    return found


@pytest.fixture
def dump(tachyon, tmp_path):
    def run(pid, *options, cwd=tmp_path, **env):
        done = subprocess.run(
            [tachyon, "dump", *options, str(pid)],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=cwd,
            env=os.environ | env,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


def source_line(pid, file, line):
    """Through the eyes of the target."""
    path = pathlib.Path(f"/proc/{pid}/root{file}")
    if not file.startswith("/") or not path.is_file() or not line:
        return None
    return path.read_text().split("\n")[line - 1].lstrip() or None


def check_section(pid, section, truth):
    assert section.frames == [tuple(frame) for frame in truth]
    assert section.sources == [source_line(pid, file, line) for file, line, _ in truth]


@pytest.mark.flavours("gil", "free-threaded")
def test_threads_that_sleep(start, dump, lab_dir, figure):
    truth_path = lab_dir / "truth.json"
    target = start(TARGETS / "asleep.py", truth_path)
    truth = {int(tid): stack for tid, stack in json.loads(truth_path.read_text()).items()}
    assert len(truth) == 5

    found = sections(dump(target.pid, "-a"))
    for tid, stack in truth.items():
        check_section(target.pid, found[tid], stack)
    assert len(found) == 6  # and the one that said it
    assert [section.pid for section in found.values()] == [str(target.pid)] + [None] * 5
    labels = [section.labels for section in found.values()]
    assert found[target.pid].labels == ["main thread", "idle"]
    assert sorted(map(tuple, labels)) == [("has exception",)] + [("idle",)] * 4 + [("main thread", "idle")]
    figure("frames", sum(map(len, truth.values())))

    (only,) = sections(dump(target.pid)).items()
    assert only[0] == target.pid
    check_section(target.pid, only[1], truth[target.pid])


@pytest.mark.flavours("gil", "free-threaded", "debug", "isolated-subinterpreter")
def test_threads_that_want_the_gil(cell, start, dump, lab_dir):
    truth_path = lab_dir / "truth.json"
    target = start(TARGETS / "wants.py", truth_path)
    truth = json.loads(truth_path.read_text())
    expected = {
        "hold": [["has GIL", "on CPU"], ["has GIL"]],  # a busy machine may make it wait for its CPU
        "want": [["idle"]] if "free-threaded" in cell.name else [["waiting for GIL"]],
        "lock": [["idle"]],
        "sleep": [["idle"]],
    }

    def labels(*options):
        found = sections(dump(target.pid, "-a", *options))
        return {name: found[tid].labels for name, tid in truth.items()}

    def are_expected(said):
        return all(said[name] in expected[name] for name in expected)

    wait_until(lambda: "has GIL" in labels()["hold"], what="who holds the GIL")
    time.sleep(0.5)
    for stopped in (False, True):
        if stopped:
            os.kill(target.pid, signal.SIGSTOP)
        said = labels()
        assert are_expected(said), (stopped, said)
        # A thread that waits wakes up every 5 ms, to ask for it.
        wait_until(lambda: are_expected(labels("--blocking")), what="an instant at which all wait")


def by_reference(pid, **env):
    """What the reference says; it reads no other version than its own."""
    command = ["python3.15", "-m", "profiling.sampling", "dump", "-a", "--native", "--blocking", pid]
    done = subprocess.run(
        [ROOT / "scripts" / "lab.sh", "run", *map(str, command)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | env,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_headers(text):
    return [line for line in text.split("\n") if "Stack dump" not in line]


@pytest.mark.flavours("gil", "free-threaded")
def test_stopped(cell, start, dump, lab_dir, figure):
    """Wherever it was, nothing changes any more: twice the same, and the same as the reference's."""
    target = start(TARGETS / "asleep.py", lab_dir / "truth.json", "spin")
    os.kill(target.pid, signal.SIGSTOP)
    text = dump(target.pid, "-a", "--native", cwd="/")
    assert dump(target.pid, "-a", "--native", cwd="/") == text
    assert pathlib.Path(f"/proc/{target.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"
    # With and without a stop of its own: it is stopped anyway, and stays so.
    stopped = dump(target.pid, "-a", "--native", "--blocking", cwd="/")
    assert without_headers(stopped) == without_headers(text)
    assert [(tid, set(section.labels) - {"on CPU", "idle"}) for tid, section in sections(stopped).items()] == [
        (tid, set(section.labels) - {"on CPU", "idle"}) for tid, section in sections(text).items()
    ]
    ours = sections(text)
    assert len([section for section in ours.values() if section.frames[-1][2] == "spin"]) == 1
    figure("frames", sum(len(section.frames) for section in ours.values()))
    if cell.name != "3.15-gil":
        return
    theirs = sections(re.sub(r"\(most recent", "(; most recent", by_reference(target.pid)))
    assert list(ours) == list(theirs)
    for tid, section in ours.items():
        assert (section.frames, section.sources) == (theirs[tid].frames, theirs[tid].sources)
        # Whether a stopped thread is on a CPU, or idle, the reference does not know.
        assert set(section.labels) - {"on CPU", "idle"} == set(theirs[tid].labels) - {""}
    colored = without_headers(dump(target.pid, "-a", "--native", cwd="/", FORCE_COLOR="1"))
    assert "\x1b[1;33m" in "".join(colored)
    assert colored == without_headers(by_reference(target.pid, FORCE_COLOR="1"))


@pytest.mark.flavours("gil", "free-threaded")
def test_threads_that_run(cell, start, dump, lab_script, figure, seconds):
    source = subprocess.run(
        [*map(str, cell.command), lab_script(TARGETS / "chains.py", "source.py"), "--source"],
        env=os.environ | cell.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    graph = ChainGraph(source.stdout)
    target = start(TARGETS / "chains.py", 60)
    rows = []
    for _ in range(seconds(10, 100)):
        (found,) = sections(dump(target.pid)).items()
        frames = [(pathlib.Path(file).name, function, line) for file, line, function in found[1].frames]
        rows.append((found[0], frames, 1))
        assert found[1].labels[0] == "main thread"
    inside, impossible = check_stacks(graph, rows)
    figure("dumps", len(rows))
    figure("impossible", len(impossible))
    assert not impossible
    assert inside > 0.5 * len(rows)


def is_chain(names):
    """Whether they are the first ones of one chain of naps.py, and at most what lies above the last one."""
    if not names or "_" not in names[0]:
        return True
    chain = names[0].split("_")[1]
    return names == [f"chain_{chain}_{depth}" for depth in range(len(names))]


@pytest.mark.flavours("gil", "free-threaded")
def test_threads_that_nap(start, dump, figure, seconds):
    """They wake while they are read: such a reading does not count."""
    target = start(TARGETS / "naps.py", 2)
    stacks = []
    for _ in range(seconds(10, 100)):
        found = sections(dump(target.pid, "-a"))
        assert len(found) == 3
        for section in found.values():
            names = [function for _, _, function in section.frames]
            assert "nap" in names, section
            stacks.append([name for name in names[names.index("nap") + 1 :] if name.startswith("chain_")])
    impossible = [names for names in stacks if not is_chain(names)]
    figure("stacks", len(stacks))
    figure("impossible", len(impossible))
    assert not impossible, impossible[:3]
    assert sum(map(bool, stacks)) > 0.5 * len(stacks)
