# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The run of the fuzzers must be able to fail: here with fuzzers that are shell scripts."""

import pathlib
import re
import subprocess
import sys

import pytest

FUZZ = pathlib.Path(__file__).resolve().parents[1] / "fuzz"
PLANTED = {sed.stem: re.search("found: ([^|\n]*)", sed.read_text())[1] for sed in FUZZ.glob("planted/*.sed")}
READ = [name for name in PLANTED if name.startswith("replay_")]
FUZZERS = [path.stem for path in FUZZ.glob("fuzz_*.c")]
FINDS = """for arg; do case $arg in -artifact_prefix=*) prefix=${arg#*=};; esac; done
touch "${prefix}crash"; exit 77"""


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def build(tmp_path):
    """What make would have built, all good."""
    script(tmp_path / "make-seeds", 'mkdir "$1/fuzz_walk"')
    for name in FUZZERS:
        script(tmp_path / name, "echo stat::number_of_executed_units: 7")
    for name, found in PLANTED.items():
        fuzzer = "fuzz_replay" if name in READ else "fuzz_walk"
        script(tmp_path / "planted" / name / fuzzer, f"echo '{found}'\n{FINDS}")
    return tmp_path


def run(build):
    """Exit code and the failed ones."""
    done = subprocess.run(
        [sys.executable, "-B", FUZZ / "run.py", "6", build], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert f"1..{len(PLANTED) + len(FUZZERS)}\n" in done.stdout
    assert len(re.findall(r"^(?:not )?ok \d+", done.stdout, re.M)) == len(PLANTED) + len(FUZZERS)
    assert done.stdout.count("\nnot ok ") == (build / "report").read_text().count("FAILED")
    return done.returncode, re.findall(r"^not ok \d+ - (?:planted bug )?(\w+)", done.stdout, re.M)


def test_good(build):
    assert run(build) == (0, [])


@pytest.mark.parametrize(
    "text", ["exit 0", f"echo something else\n{FINDS}", "echo {found}; exit 77"], ids=["ends", "other", "no input"]
)
def test_planted_bug_not_found(build, text):
    script(build / "planted" / "ring" / "fuzz_walk", text.replace("{found}", PLANTED["ring"]))
    assert run(build) == (1, ["ring"])


def test_input_of_a_planted_bug_breaks_the_walker(build):
    script(build / "fuzz_walk", 'case "$*" in *crash) exit 1;; *) echo stat::number_of_executed_units: 7;; esac')
    assert run(build) == (1, sorted(set(PLANTED) - set(READ)))


@pytest.mark.parametrize("name", FUZZERS)
def test_finding(build, name):
    script(build / name, "echo stat::number_of_executed_units: 7\ncase $* in */planted/*) exit 0;; *) exit 77;; esac")
    assert run(build) == (1, [name])


def test_nothing_was_run(build):
    script(build / "fuzz_maps", "exit 0")
    assert run(build) == (1, ["fuzz_maps"])
