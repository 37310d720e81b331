# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--binary and replay where something goes wrong: what was sampled is not lost."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

from made_up import MadeUp
from processes import wait_until
from profiled import Recording
from results import collapsed
from tree import TARGETS


def samples(path):
    return sum(count for *_, count in collapsed(path))


def left_over(directory):
    return [path for path in directory.iterdir() if path.name.startswith(".tachyon-bpf-")]


@pytest.fixture
def target(lab_python):
    proc = lab_python("3.15", TARGETS / "workers.py", 30)
    proc.wait_line()
    return proc


@pytest.fixture
def replay(tachyon_run, tmp_path):
    """replay(file) -> what was replayed, as collapsed stacks; and what was said on stderr."""

    def run(path):
        out = tmp_path / "replayed.txt"
        done = tachyon_run("replay", "--collapsed", "-o", out, path)
        assert done.returncode == 0, done.stderr
        return out, done.stderr

    return run


def test_a_killed_recording_can_be_replayed(tachyon, tmp_path, target, replay, tachyon_run):
    with Recording(
        tachyon, tmp_path, "attach", "-a", target.pid, form="--binary", output="killed.bin"
    ) as recording:
        recording.wait_sampling()
        tape = left_over(tmp_path)[0]
        wait_until(lambda: tape.stat().st_size > 3000, what="samples on the disk")
        recording.process.send_signal(signal.SIGKILL)
        recording.process.wait()
    assert not (tmp_path / "killed.bin").exists()
    out, words = replay(tape)
    assert words == "tachyon-bpf: warning: this recording was not finished: there is what had been written by then\n"
    assert samples(out) > 100
    assert {"down", "count"} <= {frames[-1][1] for _, frames, _ in collapsed(out)}
    table = tachyon_run("replay", tape)
    assert re.match(r"Replaying \d+ samples from .*\n  Sample interval: 1000 us\n  Compression: none\nProfile Stats:", table.stdout)


def test_a_tape_that_is_cut_anywhere_is_replayed_up_to_there(tachyon, tmp_path, target, replay):
    with Recording(tachyon, tmp_path, "attach", "-a", target.pid, form="--binary", output="x.bin") as recording:
        recording.wait_sampling()
        tape = left_over(tmp_path)[0]
        wait_until(lambda: tape.stat().st_size > 3000, what="samples on the disk")
        recording.process.kill()
    data, before = tape.read_bytes(), 0
    for size in (*range(20, 400, 9), *range(400, len(data), 97)):
        tape.write_bytes(data[:size])
        out, words = replay(tape)
        assert words.startswith("tachyon-bpf: warning: this recording was not finished")
        assert before <= samples(out)
        before = samples(out)


def test_nothing_stays_beside_the_result(tachyon, tmp_path, target, replay):
    with Recording(
        tachyon, tmp_path, "attach", "-a", "-d", 0.5, target.pid, form="--binary", output="done.bin"
    ) as recording:
        assert recording.wait() == 0
        assert not left_over(tmp_path)
        total = int(re.search(r"done\.bin \((\d+) samples\)$", recording.stdout.read_text(), re.M)[1])
    out, words = replay(tmp_path / "done.bin")
    assert samples(out) == total and not words


def test_giving_up_leaves_nothing(tachyon, tmp_path, target):
    """A pipe that nobody reads: the result cannot be written until the user gives it up."""
    os.mkfifo(tmp_path / "pipe")
    with Recording(
        tachyon, tmp_path, "attach", "-a", "-d", 0.3, target.pid, form="--binary", output="pipe"
    ) as recording:
        recording.wait_sampling()
        wait_until(lambda: "Captured" in recording.stdout.read_text(), what="the end of the sampling")
        for _ in range(3):
            recording.process.send_signal(signal.SIGTERM)
            try:
                recording.process.wait(0.5)
                break
            except subprocess.TimeoutExpired:
                pass
        assert recording.process.returncode
    assert not left_over(tmp_path)


def test_a_full_disk_ends_the_recording_and_keeps_it(tachyon, tmp_path, small_disk, target, replay):
    with Recording(
        tachyon, tmp_path, "attach", "-a", "-r", "20khz", target.pid, form="--binary", output="small/full.bin"
    ) as recording:
        assert recording.wait() == 1
        errors = recording.stderr.read_text()
    assert ": error: cannot keep more samples: No space left on device; stopping early and keeping the data" in errors
    kept = left_over(small_disk)
    assert len(kept) == 1 and f"the samples are in {kept[0]}; tachyon-bpf replay reads it" in errors
    out, words = replay(kept[0])
    assert "was not finished" in words and samples(out) > 1000


def test_a_full_temporary_directory(tachyon_run, tmp_path, small_disk, target):
    """Where formats that are written in the end keep their samples."""
    env = os.environ | {"TMPDIR": str(small_disk)}
    done = tachyon_run("attach", "-a", "-r", "20khz", "--gecko", "-o", tmp_path / "x.json", target.pid, env=env)
    assert done.returncode == 1 and "\nCaptured " in "\n" + done.stdout
    assert ": error: cannot keep more samples: No space left on device" in done.stderr
    assert not list(small_disk.iterdir())


def test_to_stdout_and_from_another_directory(tachyon, tmp_path, target, replay):
    with (tmp_path / "piped.bin").open("wb") as stdout:
        done = subprocess.run(
            [tachyon, "attach", "-a", "-d", "0.3", "--binary", "-o", "-", str(target.pid)],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )
    assert done.returncode == 0 and "Binary Encoding:" in done.stderr
    out, _ = replay(tmp_path / "piped.bin")
    assert samples(out) > 100


def test_default_names(tachyon_run, tmp_path, target):
    """The process that was recorded gives the name; where the file does not say which, our own does."""
    done = tachyon_run("attach", "-d", "0.2", "--binary", target.pid, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / f"binary_{target.pid}.bin"
    assert f"\nBinary profile written to {file.name} (" in done.stdout
    done = tachyon_run("replay", "--collapsed", file, cwd=tmp_path)
    assert f"\nCollapsed stack output written to collapsed_{target.pid}.txt\n" in done.stdout


@pytest.mark.parametrize("compression", ["auto", "zstd", "none"])
def test_compression(tachyon_run, tmp_path, target, compression, replay):
    file = tmp_path / "x.bin"
    done = tachyon_run("attach", "-a", "-d", "0.2", "--binary", "--compression", compression, "-o", file, target.pid)
    assert done.returncode == 0, done.stderr
    used = int.from_bytes(file.read_bytes()[56:60], "little")
    assert used == (compression != "none")
    replay(file)


def test_names_of_processes_and_threads_are_kept(tachyon_run, tmp_path, target):
    """In gecko, which shows them."""
    file, out = tmp_path / "x.bin", tmp_path / "x.json"
    assert tachyon_run("attach", "-a", "-d", "0.5", "--binary", "-o", file, target.pid).returncode == 0
    assert tachyon_run("replay", "--gecko", "-o", out, file).returncode == 0
    text = out.read_text()
    for name in ("down", "st;umble \u00e9"[:3]):
        assert name in text


BAD = {
    "empty": (b"", "Input file is not a binary sampling profile. The replay command only accepts files created with --binary"),
    "short": (b"HCAT" + bytes(59), "Input file is not a binary sampling profile."),
    "text": (b"x" * 100, "Input file is not a binary sampling profile."),
    "zeros": (b"HCAT" + bytes(60), "Unsupported format version 0 (this reader supports version 1)"),
    "tape": (b"\x7fTACHTAPE1\nN\x02\x09\x09", "Invalid record on the tape of the recording"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_recording(tachyon_run, tmp_path, name):
    data, message = BAD[name]
    file = tmp_path / "bad.bin"
    file.write_bytes(data)
    done = tachyon_run("replay", "--collapsed", "-o", tmp_path / "out", file)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"tachyon-bpf: error: {message}")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_read(tachyon_run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "none", f"Input file not found: {tmp_path}/none"),
        (tmp_path, f"Could not read input file {tmp_path}: "),
        (tmp_path / "pipe", f"Could not read input file {tmp_path}/pipe: "),
        (pathlib.Path("/dev/null"), "Input file is not a binary sampling profile."),
    ):
        done = tachyon_run("replay", path)
        assert done.returncode == 1 and not done.stdout
        assert done.stderr.startswith(f"tachyon-bpf: error: {message}"), done.stderr


def test_an_empty_recording(tmp_path, tachyon_run):
    recording = MadeUp()
    file = tmp_path / "empty.bin"
    recording.write(tmp_path / "empty.txt", "binary", file)
    done = tachyon_run("replay", file)
    assert done.returncode == 0 and "No samples were collected." in done.stdout
    assert done.stdout.endswith("Replayed 0 samples\n")
