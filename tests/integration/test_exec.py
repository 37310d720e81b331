# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A process that replaces its program, by another Python and by something else, while it is profiled:
each program's stacks are its own, and nothing is read with the layout of another."""

import os
import shutil

import pytest

from knowncode import KnownCode
from profiled import Recording, check_share, claim_version
from shares import expect
from tree import ALL_VERSIONS, TARGETS

BUSY_S = 0.3
STAGE = """import os, threading, time

def stage_{number}(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

print("ready", flush=True)
while not os.path.exists({go!r}):
    time.sleep(0.01)
stage_{number}({busy_s})
print(os.getpid(), flush=True)
def leave():
    os.execv({command[0]!r}, {command!r})
{leave}
"""
DIRECTLY = "leave()"
FROM_A_THREAD = "threading.Thread(target=leave).start(); time.sleep(1000)"

@pytest.fixture(scope="session")
def library(lab):
    """What modules such a program imports, of each version."""
    script = lab / "tmp" / f"known_code.{os.getpid()}.py"
    shutil.copy(TARGETS / "known_code.py", script)
    known = [
        KnownCode(["chroot", lab, f"python{version}", f"/tmp/{script.name}", "os", "threading", "time"])
        for version in ALL_VERSIONS
    ]
    script.unlink()
    return known


def check_library(library, frames):
    """The stack of an interpreter that starts or ends: real functions at real lines, all of them of the
    same version."""
    assert any(known.is_real(frames) for known in library), frames


@pytest.fixture
def go(lab_dir):
    return lab_dir / "go"


@pytest.fixture
def stages(lab_script, go):
    """stages(command, command...) -> the first of a chain of programs; each but the last leaves for
    the next one by the command, in which "{}" stands for it."""

    def make(*commands, leave=DIRECTLY):
        script = None
        for number in range(len(commands) + 1, 0, -1):
            command = [word.format(script) for word in commands[number - 1]] if script else []
            text = STAGE.format(
                number=number,
                busy_s=BUSY_S,
                go=str(go),
                command=command or ["/bin/true"],
                leave=leave if script else "pass",
            )
            script = lab_script(text, f"stage{number}.py")
        return script

    return make


def check_stages(library, profile, cnt):
    """Every stage has its samples, in its own functions; the rest is from starts and ends."""
    found = profile.functions()
    for number in range(1, cnt + 1):
        expect(found[f"stage_{number}"] >= 0.7 * 1000 * BUSY_S, found)
    scripts = {f"stage{number}.py": number for number in range(1, cnt + 1)}
    for _, frames, _ in profile.rows:
        mine = [frame for frame in frames if frame[0] in scripts]
        if mine:
            assert len({file for file, *_ in mine}) == 1, frames
            functions = [function for _, function, _ in mine]
            stage = f"stage_{scripts[mine[0][0]]}"
            assert functions in (["<module>"], ["<module>", stage], ["<module>", "leave"], ["leave"]), frames
        if len(mine) < len(frames):
            check_library(library, [frame for frame in frames if frame[0] not in scripts])
    assert profile.counts.failed == {}
    check_share(profile)


def profile_stages(tachyon, lab_python, go, tmp_path, version, script):
    target = lab_python(version, script)
    target.wait_line()
    with Recording(tachyon, tmp_path, "attach", "-a", target.pid) as recording:
        recording.wait_sampling()
        go.touch()
        profile = recording.profile()
    assert target.wait(timeout=10) == 0, target.error_output()
    lines = [line for line in target.output().splitlines() if line.isdigit()]
    assert set(lines) == {str(target.pid)}  # it was one process all the time
    return profile


def others(version):
    at = ALL_VERSIONS.index(version)
    return ALL_VERSIONS[at - 2], ALL_VERSIONS[at - 1]


def test_other_pythons(tachyon, library, lab_python, stages, go, tmp_path, python_version):
    second, third = others(python_version)
    script = stages([f"/usr/bin/python{second}", "{}"], [f"/usr/bin/python{third}", "{}"])
    profile = profile_stages(tachyon, lab_python, go, tmp_path, python_version, script)
    check_stages(library, profile, 3)


def test_something_else_in_between(tachyon, library, lab_python, stages, go, tmp_path, python_version):
    """To a shell that waits for a while, and from there back to a Python."""
    second = others(python_version)[0]
    script = stages(["/bin/sh", "-c", f"sleep 0.3; exec python{second} {{}}"])
    profile = profile_stages(tachyon, lab_python, go, tmp_path, python_version, script)
    check_stages(library, profile, 2)


def test_from_a_thread(tachyon, library, lab_python, stages, go, tmp_path, python_version):
    """It takes the process over: pid and thread id are the leader's, the thread is not."""
    second = others(python_version)[0]
    script = stages([f"/usr/bin/python{second}", "{}"], leave=FROM_A_THREAD)
    profile = profile_stages(tachyon, lab_python, go, tmp_path, python_version, script)
    check_stages(library, profile, 2)


def test_run_by_a_shell(tachyon, lab, library, stages, go, tmp_path, python_version):
    """The program of `run` is something else at first."""
    go.touch()
    second = others(python_version)[0]
    script = stages([f"/usr/bin/python{second}", "{}"])
    shell = f"sleep 0.1; exec python{python_version} {script}"
    command = ("--", "chroot", lab, "sh", "-c", shell)
    with Recording(tachyon, tmp_path, "run", *command) as recording:
        check_stages(library, recording.profile(), 2)


def test_unsupported_python_in_between(
    tachyon, library, lab, lab_dir, lab_python, stages, go, tmp_path, python_version
):
    """It is not sampled, and said so; what comes before and after it is."""
    claim_version(lab / f"usr/bin/python{python_version}", lab_dir / "python", 0x031000F0)
    second = others(python_version)[0]
    script = stages([str(lab_dir / "python"), "{}"], [f"/usr/bin/python{second}", "{}"])
    profile = profile_stages(tachyon, lab_python, go, tmp_path, python_version, script)
    warnings = [line for line in profile.stderr.splitlines() if ": warning: " in line]
    assert len(warnings) == 1 and "runs Python 3.16.0:" in warnings[0], warnings
    assert "it is not sampled" in warnings[0]
    found = profile.functions()
    assert "stage_2" not in found
    expect(min(found["stage_1"], found["stage_3"]) >= 0.7 * 1000 * BUSY_S, found)
    assert profile.counts.failed == {}
    expect(profile.counts.status["NO_LAYOUT"] >= 0.7 * 1000 * BUSY_S, profile.counts.status)


def test_end_without_python(tachyon, lab_python, stages, go, tmp_path, python_version):
    """What was sampled before is the result."""
    script = stages(["/bin/sleep", "0.3"])
    profile = profile_stages(tachyon, lab_python, go, tmp_path, python_version, script)
    expect(profile.functions()["stage_1"] >= 0.7 * 1000 * BUSY_S, profile.functions())


EXEC_AND_SLEEP = """
import os, sys, threading, time
time.sleep(1)  # until it is sampled
nap = "import time\\ndef nap(): time.sleep(0.8)\\nnap()"
threading.Thread(target=os.execv, args=(sys.executable, [sys.executable, "-c", nap])).start()
time.sleep(60)
"""


def test_wall_time_after_exec_by_a_thread(tachyon, lab_python, tmp_path):
    """The thread that made it is the main thread then, and its sleep counts."""
    target = lab_python("3.15", EXEC_AND_SLEEP)
    with Recording(tachyon, tmp_path, "attach", "--mode", "wall", "-d", 5, target.pid) as recording:
        profile = recording.profile()
    assert profile.functions()["nap"] > 700
