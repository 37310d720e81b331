# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Our decoding of line tables is the interpreter's, for every instruction of its standard library."""

import os
import subprocess

import pytest

from tree import ROOT, TARGETS

LINES = ROOT / "build" / "tests" / "tools" / "lines"


def counts(text):
    words = text.split()
    return {name: int(number) for name, number in zip(words[::2], words[1::2])}


@pytest.mark.flavours("gil", "free-threaded")
@pytest.mark.parametrize("no_columns", ["", "1"], ids=["columns", "no columns"])
def test_every_instruction(cell, lab_dir, lab_script, figure, no_columns):
    dump = lab_dir / "lines"
    env = os.environ | cell.env | {"PYTHONNODEBUGRANGES": no_columns}
    command = [*map(str, cell.command), lab_script(TARGETS / "line_oracle.py"), dump]
    oracle = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert oracle.returncode == 0, oracle.stderr
    said = counts(oracle.stdout)
    assert said["modules"] >= 200
    assert said["instructions"] > 1_000_000
    assert (said["columns"] == 0) == bool(no_columns)

    done = subprocess.run([LINES, dump], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    found = counts(done.stdout)
    figure("instructions", found["instructions"])
    figure("wrong", found["mismatches"])
    assert found["mismatches"] == 0
    assert found["codes"] == said["codes"]
    assert found["instructions"] == said["instructions"]
