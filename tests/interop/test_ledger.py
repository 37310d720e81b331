# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The table of threads of the closing lines, in the hands of the programs that read our files."""

import re
import subprocess

import pytest

import pprof
from profiled import Recording
from results import Ledger, ledgers
from tree import VERSIONS

# Two threads that sleep, compute and wait for the GIL; one has a name that wants to be escaped.
PROGRAM = r"""
import threading, time

def work():
    while True:
        sum(range(20_000))
        time.sleep(0.002)

threading.Thread(target=work, name="\x1b[1m\xfc;", daemon=True).start()
print("ready", flush=True)
work()
"""
SHARES = ("running", "runnable", "GIL wait", "blocked", "sum", "residual")
TEXT = re.compile(r"([\d.]+) s, " + ", ".join(rf"{name} (-?[\d.]+)%" for name in SHARES))


def ledger_of(text):
    return Ledger(*map(float, TEXT.fullmatch(text).groups()))


@pytest.mark.parametrize("mode", ["wall", "gil"])
def test_threads(lab_python, tachyon, tmp_path, firefox, mode):
    target = lab_python(VERSIONS[-1], PROGRAM)
    target.wait_line()
    args = ("--mode", mode, "-a", "-d", 0.5, target.pid)
    with Recording(tachyon, tmp_path, "attach", *args, form="--binary") as recording:
        assert recording.wait() == 0, recording.stderr.read_text()
    expected = ledgers(recording.stdout.read_text())
    assert len(expected) == 2
    for form in ("gecko", "pprof"):
        subprocess.run([tachyon, "replay", f"--{form}", "-o", tmp_path / form, recording.output], check=True)

    lines = [line for line in pprof.pprof(tmp_path / "pprof", "-comments").split("\n") if line.startswith("#thread ")]
    said = {who: ledger_of(text) for who, text in (line.rsplit(": ", 1) for line in lines)}
    (other,) = set(expected) - {target.pid}
    assert said == {
        f"#thread {target.pid} main": expected[target.pid],
        f"#thread {other} \\x1b[1mü;": expected[other],
    }

    (section,) = firefox(tmp_path / "gecko").ask("profile", "meta")["extra"]
    assert section["label"] == "Threads"
    assert {entry["label"]: ledger_of(entry["value"]) for entry in section["entries"]} == {
        f"{target.pid} main": expected[target.pid],
        f"{other} \x1b[1mü;": expected[other],
    }
