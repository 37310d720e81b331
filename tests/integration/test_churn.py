# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Functions that come and go: what is sampled at an address that has had many owners has the name, the
file and the line of its owner at that time."""

import collections
import json
import re
import subprocess

from profiled import Recording, check_share
from tree import ROOT

CHURN = ROOT / "tests" / "targets" / "churn.py"
RECORDS = ROOT / "build" / "tests" / "tools" / "records"
FILE = re.compile(r"<churn (\d+)>")
RATE = 5000


def number_of(inside):
    """The number in the name of the outer function, and of the inner one in it; every part agrees."""
    (file, outer, line), *rest = inside
    number = int(FILE.fullmatch(file)[1])
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


def samples(raw):
    """(time in ns, frames as in a collapsed file) of each sample."""
    done = subprocess.run([RECORDS, raw], capture_output=True, text=True, check=True, timeout=60)
    frames, found = collections.defaultdict(list), []
    for line in done.stdout.splitlines():
        kind, *words = line.split("\t")
        if kind == "S":
            found.append((int(words[4]), frames[words[1]]))
        elif kind == "F":
            frames[words[0]].insert(0, (words[9], words[8], int(words[4])))
    return found


def test_names_and_lines(tachyon, lab_python, python_version, tmp_path):
    target = lab_python(python_version, CHURN, 5)
    target.wait_line()
    raw = tmp_path / "raw"
    with Recording(tachyon, tmp_path, "attach", "-r", RATE, "--raw", raw, target.pid) as recording:
        profile = recording.profile()
    assert target.wait(timeout=10) == 0, target.error_output()
    calls, addresses = json.loads(target.output().splitlines()[-1])
    assert addresses < 1.5 * len(calls), "of two each, too many had an address for themselves"

    assert profile.counts.failed == {}
    check_share(profile, RATE)
    cnt = 0
    for ts_ns, frames in samples(raw):
        inside = [frame for frame in frames if FILE.fullmatch(frame[0])]
        if inside and inside[0][1] != "<module>":
            # A name that was there before would be a good name, at a wrong time.
            start, end = calls[number_of(inside)]
            assert start <= ts_ns <= end, inside
            cnt += 1
    assert cnt > 0.3 * profile.counts.status["SAMPLED"]
