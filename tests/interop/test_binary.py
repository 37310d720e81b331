# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The binary format between us and the reference: its `replay` of our files, our `replay` of its files, and
both beside what our writers make of the same samples directly."""

import collections
import json
import marshal
import re
import shutil
import subprocess

import pytest

from described import describe_raw
from made_up import run_tool
from processes import LabProcess
from rawfile import RawFile
from reference_replay import reference_replay
from results import collapsed
from tree import ROOT, TARGETS

FORMATS = ("pstats", "collapsed", "flamegraph", "gecko", "heatmap", "jsonl")
SECONDS = 2


class Recordings:
    """Of one run of tests/targets/workers.py: ours, with the kernel side's records, and then the reference's."""

    def __init__(self, lab, directory, tachyon):
        self.ours, self.raw, self.theirs = (directory / name for name in ("ours.bin", "raw", "theirs.bin"))
        script = shutil.copy(TARGETS / "workers.py", directory)
        stdout = directory / "stdout"
        with stdout.open("w") as file:
            command = ["chroot", lab, "python3.15", script, str(2 * SECONDS + 2)]
            target = LabProcess(command, stdout=file, start_new_session=True)
        target.stdout_path = target.stderr_path = stdout
        try:
            target.wait_line("ready")
            self.pid = target.pid
            self.words = self.run(
                tachyon, "attach", "-a", "-d", SECONDS, "--binary", "-o", self.ours, "--raw", self.raw, self.pid
            )
            self.run(
                *(ROOT / "scripts" / "lab.sh", "run", "python3.15", "-m", "profiling.sampling", "attach", "-a"),
                *("-d", SECONDS, "--binary", "-o", self.theirs, self.pid),
            )
        finally:
            target.end()

    @staticmethod
    def run(*command):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def recordings(lab, shared_dir, tachyon):
    return Recordings(lab, shared_dir, tachyon)


@pytest.fixture(scope="module")
def answers(lab, shared_dir, recordings):
    """{(file, format): the reference's answer}"""
    jobs = [(form, path) for path in (recordings.ours, recordings.theirs) for form in (*FORMATS, "table")]
    found = reference_replay(lab, shared_dir, jobs)
    return {(path, form): answer for (form, path), answer in zip(jobs, found, strict=True)}


@pytest.fixture
def replay(tachyon_run, tmp_path):
    """replay(file, format): what our replay writes."""

    def run(path, form):
        out = tmp_path / f"out.{form}"
        done = tachyon_run("replay", f"--{form}", "-o", out, path)
        assert done.returncode == 0, done.stderr
        assert not done.stderr
        return out.read_bytes()

    return run


def lines_of_json(data):
    """Without what is different in each run."""
    lines = [json.loads(line) for line in data.splitlines()]
    assert all(re.fullmatch("[0-9a-f]{32}", line.pop("run_id")) for line in lines)
    return lines


def rows_of_pstats(data):
    """What both say: callers are tuples here and numbers there, and a function that calls itself is counted there
    as often as it is on a stack."""
    rows = marshal.loads(data)
    rows.pop(("__sampled__",), None)
    return {
        key: ([round(value, 9) for value in values], {
            caller: caller == key or (count if isinstance(count, int) else count[0])
            for caller, count in callers.items()
        })
        for key, (*values, callers) in rows.items()
    }


def test_every_format_takes_all_samples(recordings, answers):
    total = int(re.search(r"\((\d+) samples\)$", recordings.words, re.M)[1])
    assert total > SECONDS * 1000
    for path in (recordings.ours, recordings.theirs):
        for form in FORMATS:
            answer = answers[path, form]
            assert answer.code == 0 and answer.data, (path, form, answer.error)
            samples = re.search(r"^Replayed (\d+) samples$", answer.stdout, re.M)[1]
            assert path != recordings.ours or int(samples) == total


def test_reference_reads_what_we_wrote(recordings, answers, replay):
    assert answers[recordings.ours, "collapsed"].data == replay(recordings.ours, "collapsed")
    assert lines_of_json(answers[recordings.ours, "jsonl"].data) == lines_of_json(replay(recordings.ours, "jsonl"))
    assert rows_of_pstats(answers[recordings.ours, "pstats"].data) == rows_of_pstats(replay(recordings.ours, "pstats"))


def test_we_read_what_the_reference_wrote(recordings, answers, replay):
    assert answers[recordings.theirs, "collapsed"].data == replay(recordings.theirs, "collapsed")
    assert lines_of_json(answers[recordings.theirs, "jsonl"].data) == lines_of_json(replay(recordings.theirs, "jsonl"))
    assert rows_of_pstats(answers[recordings.theirs, "pstats"].data) == rows_of_pstats(replay(recordings.theirs, "pstats"))


def test_words_are_those_of_the_reference(recordings, answers, tachyon_run, tmp_path):
    for path in (recordings.ours, recordings.theirs):
        ours = tachyon_run("replay", "-l", "1000", path)
        theirs = answers[path, "table"].stdout
        before, _, after = theirs.partition("\r")
        assert ours.stdout == before + after.rsplit("\r", 1)[-1].split("\n", 1)[1]


def test_replay_is_what_is_written_directly(recordings, replay, tmp_path):
    """The kernel side's records, without tapes and tables, through the same writers."""
    description = tmp_path / "direct.txt"
    description.write_text(describe_raw(recordings.raw, recordings.pid))
    for form in ("collapsed", "pstats"):
        out = tmp_path / f"direct.{form}"
        run_tool(description, form, out)
        assert out.read_bytes() == replay(recordings.ours, form)
    out = tmp_path / "direct.jsonl"
    run_tool(description, "jsonl", out)
    assert lines_of_json(out.read_bytes()) == lines_of_json(replay(recordings.ours, "jsonl"))


def test_samples_are_those_that_were_taken(recordings, tmp_path, replay):
    raw = RawFile(recordings.raw)
    expected, found = collections.Counter(), collections.Counter()
    for sample in raw.samples:
        expected[sample.tid] += sample.weight
    path = tmp_path / "all.txt"
    path.write_bytes(replay(recordings.ours, "collapsed"))
    for tid, _, count in collapsed(path):
        found[tid] += count
    assert found == expected
