# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--diff-flamegraph: both recordings are in the page; what cannot be compared is refused before anything is sampled.
How a browser shows it: tests/page."""

import collections
import os
import subprocess

import pytest

from flame_page import Page
from made_up import HAS_GIL, ON_CPU, MadeUp, run_tool
from results import collapsed, split_frame
from tree import ROOT

LOOP = "import time\nend = time.monotonic() + 0.4\nwhile time.monotonic() < end:\n    pass\n"


def as_collapsed(page):
    found = collections.Counter()
    for (tid, stack), count in page.stacks().items():
        frames = (split_frame(name) if file == "~" else (file, name, line) for file, name, line in stack)
        found[tid, tuple(frames)] += count
    return found


def stacks_of(tachyon_run, recording):
    """{(tid, frames): samples} of a recording."""
    text = recording.with_suffix(".txt")
    done = tachyon_run("replay", "--collapsed", "-o", text, recording)
    assert done.returncode == 0, done.stderr
    found = collections.Counter()
    for tid, frames, count in collapsed(text):
        found[tid, tuple(frames)] += count
    return found


def made_up(path, *functions, mode="wall", **options):
    """A recording: 100 samples, in the functions in turn."""
    recording = MadeUp(mode=mode, **options)
    thread = recording.thread(recording.process(7), 7)
    for number in range(100):
        name = functions[number % len(functions)]
        recording.sample(number * recording.period_ns, thread, (("/srv/a.py", 3, name),), ON_CPU | HAS_GIL)
    described = path.with_suffix(".described")
    described.write_text("\n".join(recording.lines) + "\n")
    run_tool(described, "binary", path)
    return path


def test_a_run_beside_the_reference_s_recording(tachyon_run, lab_exe, lab_script, lab_dir):
    """Its recording is the baseline of our run, and ours of the next one."""
    script, theirs, ours, page = lab_script(LOOP), *(lab_dir / name for name in ("theirs.bin", "ours.bin", "page.html"))
    subprocess.run(
        [ROOT / "scripts" / "lab.sh", "run", "python3.15", "-m", "profiling.sampling", "run", "--binary", "-o", theirs]
        + [script],
        check=True,
        capture_output=True,
        timeout=60,
    )
    run = ("run", "--python", lab_exe("3.15"))
    assert tachyon_run(*run, "--binary", "-o", ours, script).returncode == 0
    for baseline in (theirs, ours):
        done = tachyon_run(*run, "--diff-flamegraph", baseline, "-o", page, script)
        assert done.returncode == 0, done.stderr
        assert f"Flamegraph saved to: {page}\n" in done.stdout
        shown = Page(page.read_text())
        assert as_collapsed(shown.baseline()) == stacks_of(tachyon_run, baseline)
        assert shown.baseline().data["about"]["total"] == sum(shown.baseline().stacks().values()) > 100
        assert shown.data["about"]["total"] == sum(shown.stacks().values()) > 100
        assert {"mode": "wall", "period_ns": 1000000}.items() <= shown.baseline().data["about"].items()
        assert "source" in shown.data and "source" not in shown.baseline().data


def test_replay(tachyon_run, tmp_path):
    before = made_up(tmp_path / "before.bin", "f", "g", period_ns=2_000_000)
    now = made_up(tmp_path / "now.bin", "f", "h")
    done = tachyon_run("replay", "--diff-flamegraph", before, now, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("diff_flamegraph_*.html")
    page = Page(path.read_text())
    assert as_collapsed(page) == stacks_of(tachyon_run, now)
    assert as_collapsed(page.baseline()) == stacks_of(tachyon_run, before)
    assert page.baseline().data["about"]["period_ns"] == 2_000_000


def refused(done, *words):
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("tachyon-bpf: error: ") and done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    return True


@pytest.fixture
def damaged(tmp_path):
    """{name: (path, words)} of what is no baseline"""
    good = made_up(tmp_path / "good.bin", "f").read_bytes()
    contents = {
        "empty": (b"", "Input file is not a binary sampling profile"),
        "text": (b"tid:1;a:f:1 1\n" * 20, "Input file is not a binary sampling profile"),
        "cut": (good[: len(good) // 2], "exceeds"),
        "version": (good[:4] + b"\2" + good[5:], "format version 2"),
    }
    found = {"missing": (tmp_path / "missing", "Baseline file not found: "), "directory": (tmp_path, "Is a directory")}
    for name, (content, words) in contents.items():
        (tmp_path / name).write_bytes(content)
        found[name] = tmp_path / name, words
    os.mkfifo(tmp_path / "fifo")
    return found | {"fifo": (tmp_path / "fifo", "Illegal seek")}


def test_a_damaged_baseline_is_refused_before_anything_is_started(tachyon_run, tmp_path, damaged, lab_exe, lab_dir):
    script, trace = lab_dir / "x.py", lab_dir / "it-ran"
    script.write_text(f"open({str(trace)!r}, 'w')\n")
    now = made_up(tmp_path / "now.bin", "f")
    for path, words in damaged.values():
        for command in (("run", "--python", lab_exe("3.15"), script), ("replay", now)):
            done = tachyon_run(command[0], "--diff-flamegraph", path, "-o", tmp_path / "page.html", *command[1:])
            assert refused(done, words, str(path)), path
    assert not trace.exists() and not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    "before, now, words",
    [
        ((), ("--mode", "cpu"), "Baseline profiling mode does not match current mode: it is wall there, cpu here"),
        ((), ("-a", "--native"), "current configuration: all_threads (without there), native (without there)"),
        (("--no-gc", "--blocking"), (), "current configuration: blocking (with there), gc (without there)"),
    ],
)
def test_what_was_recorded_otherwise_is_refused(tachyon_run, tmp_path, lab_exe, lab_dir, before, now, words):
    script, trace, baseline = lab_dir / "x.py", lab_dir / "it-ran", tmp_path / "before.bin"
    script.write_text(f"open({str(trace)!r}, 'w')\n" + LOOP)
    run = ("run", "--python", lab_exe("3.15"))
    assert tachyon_run(*run, *before, "--binary", "-o", baseline, script).returncode == 0
    trace.unlink()
    page = tmp_path / "page.html"
    assert refused(tachyon_run(*run, *now, "--diff-flamegraph", baseline, "-o", page, script), words, str(baseline))
    assert not trace.exists() and not page.exists()
    # The same words of two recordings.
    other = tmp_path / "now.bin"
    assert tachyon_run(*run, *now, "--binary", "-o", other, script).returncode == 0
    done = tachyon_run("replay", "--diff-flamegraph", baseline, "-o", page, other)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and words in done.stderr
    assert not page.exists()
