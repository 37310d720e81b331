# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Exit codes and messages, beside the reference's: each row of the table in docs/reference.md happens to both."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from processes import wait_until
from tree import ROOT

PAGE = ROOT / "docs" / "reference.md"
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
SLEEP = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"
BUSY = "print('ready', flush=True)\nwhile True:\n    pass\n"
SHORT = "import time\ntime.sleep(0.2)\n"
DEEP = """import sys, time
sys.setrecursionlimit(5000)
def down(n):
    if n:
        down(n - 1)
    else:
        print('ready', flush=True)
        time.sleep(60)
down(2000)
"""


def rows():
    """{situation: (reference, here)} of the page."""
    text = PAGE.read_text().partition("\n## What happens\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| (.*?) \| (.*?) \| (.*?) \|.*\|$", text, re.M)
    return {situation: cells for situation, *cells in found if situation != "situation"}


ROWS = rows()


class Sides:
    """Both profilers. run() -> (exit code, output)"""

    def __init__(self, tachyon, lab_exe, lab_dir, lab_python, lab_script):
        self.tachyon, self.exe = tachyon, lab_exe("3.15")
        self.place, self.start, self.script = lab_dir, lab_python, lab_script

    def commands(self, *words, prefix=()):
        words = [str(word) for word in words]
        short = ["0.3" if before == "-d" else word for before, word in zip(["", *words], words)]
        python = ["--python", self.exe] if words[0] == "run" else []
        own = shutil.copy(self.tachyon, self.place / "tachyon-bpf") if prefix else self.tachyon
        theirs = [ROOT / "scripts" / "lab.sh", "run", *prefix, "python3.15", "-m", "profiling.sampling", *words]
        return theirs, [*prefix, own, short[0], *python, *short[1:]]

    def target(self, code, version="3.15"):
        target = self.start(version, code)
        target.wait_line()
        return target.pid

    def outcome(self, command, meanwhile=None):
        """Run to the end; what it says goes into one file, so that it can be seen meanwhile."""
        said = self.place / "said"
        with said.open("w") as file:
            proc = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, cwd=self.place, start_new_session=True
            )
            if meanwhile:
                meanwhile(proc)
            code = proc.wait(timeout=60)
        return code, said.read_text()


def sample(pid, *words):
    """The reference takes no less than a second."""
    return ["attach", "-d", "1", *words, pid]


def interrupted(sides, number):
    """By a signal, of which both have seen something: one tells its rate each second, the other that it begins."""

    def after(sign):
        def meanwhile(proc):
            wait_until(lambda: sign in (sides.place / "said").read_text(), what="the sampling")
            time.sleep(0.2)
            os.killpg(proc.pid, number)

        return meanwhile

    theirs, ours = sides.commands("attach", "--duration=30", sides.target(BUSY))
    return [
        sides.outcome([*theirs, "--realtime-stats"], after("Stats: ")),
        sides.outcome([*ours, "--verbose"], after("ready after")),
    ]


def main_directory(sides):
    place = sides.place / "package"
    place.mkdir()
    (place / "__main__.py").write_text("print('it runs')\n")
    return place


def sleeping(sides):
    proc = subprocess.Popen(["sleep", "60"])
    exe = pathlib.Path(f"/proc/{proc.pid}/exe")
    wait_until(lambda: os.readlink(exe).endswith("sleep"), what="its exec")
    return proc


def baseline(sides):
    path = sides.place / "baseline.bin"
    code, said = sides.outcome(sides.commands("run", "--binary", "-o", path, sides.script(SHORT))[1])
    assert code == 0, said
    return path


def words_of(sides, situation):
    """The command line that makes it happen."""
    place = sides.place
    make = {
        "no such process": lambda: ["attach", 999999999],
        "process number 0": lambda: ["attach", 0],
        "dump of no process": lambda: ["dump", 999999999],
        "no such script": lambda: ["run", place / "nosuch.py"],
        "no such module": lambda: ["run", "-m", "nosuch"],
        "a directory with `__main__.py`": lambda: ["run", main_directory(sides)],
        "the program exits with 3": lambda: ["run", sides.script("raise SystemExit(3)\n")],
        "another version of Python": lambda: sample(sides.target(SLEEP, "3.14")),
        "a place that cannot be written": lambda: ["run", "--collapsed", "-o", place / "no/out", sides.script(SHORT)],
        "a place that fails at the end": lambda: ["run", "--collapsed", "-o", "/dev/full", sides.script(SHORT)],
        "no such baseline": lambda: ["run", "--diff-flamegraph", place / "nosuch.bin", sides.script(SHORT)],
        "a baseline of another mode": lambda: (
            ["run", "--mode=cpu", "--diff-flamegraph", baseline(sides), sides.script(SHORT)]
        ),
        "a stack of 2000 frames": lambda: sample(sides.target(DEEP)),
        "dump of a stack of 2000 frames": lambda: ["dump", sides.target(DEEP)],
        "no samples": lambda: sample(sides.target(SLEEP), "--mode", "cpu"),
        "no time": lambda: ["attach", "--duration=0", sides.target(BUSY)],
        "`-o` with a directory": lambda: ["run", "--collapsed", "-o", place, sides.script(SHORT)],
        "`-o -`": lambda: ["run", "--collapsed", "-o", "-", sides.script(SHORT)],
    }[situation]
    return make()


def both(sides, situation):
    """[(exit code, output) of the reference, of ours]"""
    if situation in ("Ctrl-C", "SIGTERM"):
        return interrupted(sides, signal.SIGINT if situation == "Ctrl-C" else signal.SIGTERM)
    if situation == "not a Python process":
        with sleeping(sides) as proc:
            outcomes = [sides.outcome(command) for command in sides.commands(*sample(proc.pid))]
            proc.kill()
        return outcomes
    prefix = NOBODY if situation == "no permission" else ()
    words = sample(sides.target(SLEEP)) if prefix else words_of(sides, situation)
    return [sides.outcome(command) for command in sides.commands(*words, prefix=prefix)]


def check(cell, outcome):
    code, output = outcome
    if cell == "killed":
        assert code < 0 and "Captured" not in output
        return
    assert code == int(cell.split()[0]), output
    for text in re.findall(r"`([^`]+)`", cell):
        pattern = re.sub(r"(?<![A-Za-z])N(?![A-Za-z])", r"\\d+", re.escape(text))
        pattern = re.sub(r"(?<![A-Za-z])F(?![A-Za-z])", r"\\S+", pattern)
        assert re.search(pattern, output), (text, output)


@pytest.mark.parametrize("situation", ROWS)
def test_situation(tachyon, lab_exe, lab_dir, lab_python, lab_script, tmp_path, monkeypatch, situation):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    sides = Sides(tachyon, lab_exe, lab_dir, lab_python, lab_script)
    outcomes = both(sides, situation)
    for cell, outcome in zip(ROWS[situation], outcomes, strict=True):
        check(cell, outcome)
