# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Interpreters that start and that end: real functions at real lines, from the first to the last."""

import os
import re
import subprocess
import time

import pytest

import cells
from knowncode import KnownCode
from profiled import Recording, check_nothing_left
from tree import TARGETS

pytestmark = pytest.mark.thorough

RATE = 5000
BUSY_S = 0.1  # as the program has it
LIFETIME = TARGETS / "lifetime.py"
# Found at the start of a process: its loader, what is to become Python, one that sets itself up.
REFUSALS = re.compile(r"has not started yet|does not run Python|has ended")


@pytest.fixture
def program(lab_script):
    return lab_script(LIFETIME)


@pytest.fixture
def known(cell, lab_script, program):
    script = lab_script(TARGETS / "known_code.py")
    modules = ("atexit", "threading", "time", "encodings.aliases")
    return KnownCode([*cell.command, script, program, *cell.launchers, *modules], env=os.environ | cell.env)


def unreal(known, profile):
    return [(count, frames) for _, frames, count in profile.rows if not known.is_real(frames)]


def check(known, profile, figure):
    wrong = unreal(known, profile)
    figure("samples", profile.counts.status["SAMPLED"])
    figure("unreal frames", sum(count for count, _ in wrong))
    figure("failed", sum(profile.counts.failed.values()))
    assert not wrong, wrong[:5]
    assert set(profile.counts.failed) <= {"NO_ROOT"}


# A subinterpreter with a thread that waits for the main one never ends, profiled or not; uwsgi ends without
# ending its interpreter.
@pytest.mark.flavours(*(name for name in cells.FLAVOURS if "subinterpreter" not in name and name != "uwsgi"))
def test_start_and_end(cell, tachyon, tmp_path, program, known, figure):
    """From the first instruction to the last. In atexit, and when a module is cleared, C calls Python."""
    command = ["run", "-a", "-r", RATE, "--", *cell.command, program]
    profile = Recording(tachyon, tmp_path, *command, env=os.environ | cell.env).profile()
    check(known, profile, figure)
    samples = {"before the program": 0, "at_exit": 0, "Last.__del__": 0, "late": 0, "daemon": 0}
    for _, frames, count in profile.rows:
        functions = [function for _, function, _ in frames]
        if not any(file == LIFETIME.name for file, _, _ in frames):
            samples["before the program"] += count
        for name in set(functions) & set(samples):
            samples[name] += count
            if name in ("at_exit", "Last.__del__"):
                assert functions[1:] in ([], ["spin"]) and functions[0] == name, frames
    for name, cnt in samples.items():
        figure(name, cnt)
    assert min(samples["at_exit"], samples["Last.__del__"], samples["late"]) >= 0.5 * RATE * BUSY_S
    assert samples["before the program"] > 0


@pytest.mark.flavours("gil", "free-threaded")
def test_attach_at_the_start(cell, tachyon, tmp_path, program, known, figure):
    """In the first milliseconds of a process: a true profile, or a refusal that says why."""
    profiles, refused = 0, []
    for delay_ms in (0, 1, 2, 5, 10):
        target = subprocess.Popen(
            [*map(str, cell.command), program], env=os.environ | cell.env, stdout=subprocess.DEVNULL
        )
        time.sleep(delay_ms / 1000)
        directory = tmp_path / str(delay_ms)
        directory.mkdir()
        with Recording(tachyon, directory, "attach", "-a", "-r", RATE, "-d", 0.1, target.pid) as recording:
            if recording.wait() == 0:
                profile = recording.profile()
                check(known, profile, lambda *_: None)
                profiles += 1
            else:
                refused.append(recording.stderr.read_text())
        target.kill()
        target.wait(timeout=10)
    figure("profiles", profiles)
    figure("refused", len(refused))
    assert all(REFUSALS.search(text) for text in refused), refused
    check_nothing_left()
