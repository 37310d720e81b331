# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--realtime-stats: a line each second, where nobody minds it, and true."""

import os
import pty
import re
import subprocess

import pytest

from tree import TARGETS, VERSIONS

LINE = re.compile(
    r"Stats: ([\d.]+)Hz \(([\d.]+)µs\) Min: ([\d.]+)Hz Max: ([\d.]+)Hz N=(\d+) "
    r"Cache: ([\d.]+)% \((\d+)\+(\d+)/(\d+)\) Errors: (\d+) Ring: ([\d.]+)% CPU: ([\d.]+)%"
)
GROUPS = ["Stack Cache:", "Stack Reads:", "Code Objects:", "Thread States:", "Ring Buffer:", "BPF Programs:"]


@pytest.fixture
def busy(lab_python):
    target = lab_python(VERSIONS[-1], TARGETS / "work.py", 60)
    target.wait_line()
    return target


@pytest.fixture
def options(busy):
    return ["attach", "--realtime-stats", "-d", 3.5, "--collapsed", "-o", "-", busy.pid]


def check_figures(lines, captured):
    """Of three seconds in mode wall at 1 kHz; a busy machine may be late for the last line."""
    assert 2 <= len(lines) <= 3
    numbers = [list(map(float, LINE.fullmatch(line).groups())) for line in lines]
    for mean, period_us, least, most, *_ in numbers:
        assert least <= mean <= most
        assert mean * period_us == pytest.approx(1e6, rel=0.01)
    (_, _, _, first, n1, *_), (_, _, least, most, n2, *cache, errors, ring, cpu) = numbers[:2]
    assert first in (least, most)
    assert 0 < n1 < n2 < captured
    share, known, checked, fresh = cache
    assert share == pytest.approx(100 * (known + checked) / (known + checked + fresh), abs=0.051)
    assert fresh > 0 and errors == 0 and 0 <= ring < 100 and 0 <= cpu < 100


def check_statistics(words):
    head, rule, groups = words.partition("\n" + 50 * "=" + "\nUnwinder Statistics:\n")
    assert rule and head.startswith("Captured ")
    assert re.findall(r"^  (\S.*)$", groups, re.M) == GROUPS
    counts = {name: int(count) for name, count in re.findall(r"^    (.*?): +(\d+)(?: .*)?$", groups, re.M)}
    assert counts["Full hits"] + counts["Partial hits"] + counts["Misses"] == counts["Total reads"] > 100
    assert counts["In ticks"] + counts["Leaving a CPU"] + counts["Back on a CPU"] == counts["Total reads"]
    # A sample is 48 bytes, and each record is preceded by 8.
    assert counts["Bytes"] >= 56 * counts["In ticks"] > 0
    return int(re.match(r"Captured (\d+)", head)[1])


def test_lines(tachyon_run, options):
    """No terminal: one after the other, and not in the profile."""
    done = tachyon_run(*options)
    assert done.returncode == 0 and "Stats" not in done.stdout
    assert "\r" not in done.stderr and "\033" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("Stats")]
    words = done.stderr[done.stderr.index("Captured") :]
    check_figures(lines, check_statistics(words))


def test_terminal(tachyon, options):
    """One line that is rewritten, no longer than the terminal is wide, and what follows begins a new one."""
    here, there = pty.openpty()
    os.set_blocking(here, False)
    profile = subprocess.run(
        [tachyon, *map(str, options)], stdin=there, stderr=there, stdout=subprocess.PIPE, timeout=60, check=True
    )
    os.close(there)
    said = b""
    try:
        while part := os.read(here, 65536):
            said += part
    except OSError:  # that was all
        pass
    os.close(here)
    assert b"Stats" not in profile.stdout
    before, *shown = said.decode().split("\r\033[K")
    last, _, words = shown[-1].partition("\r\n")
    assert before == "" and 2 <= len(shown) <= 3 and words.startswith("Captured ")
    for line in (*shown[:-1], last):
        assert len(line) == 79
        assert re.match(r"Stats: [\d.]+Hz \([\d.]+µs\) Min: [\d.]+Hz Max: [\d.]+Hz N=\d+ Cache: ", line)
