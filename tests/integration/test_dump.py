# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The command dump beside the stacks it shows (tests/truth/test_dump.py): what it asks, says and leaves."""

import os
import signal

import pytest

from profiled import check_nothing_left

SLEEPER = """
import time
def sleep():
    time.sleep(100) # \x1b[31m\ttab
print("ready", flush=True)
sleep()
"""


@pytest.fixture
def sleeper(lab_python, python_version):
    proc = lab_python(python_version, SLEEPER)
    proc.wait_line()
    return proc


def test_text(tachyon_run, sleeper):
    shown = f"{sleeper.stdout_path.parent.name}/target.py"  # what is below our directory is shown from there
    done = tachyon_run("dump", sleeper.pid, cwd="/tmp")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"Stack dump for PID {sleeper.pid}, thread {sleeper.pid} (main thread, idle; most recent call last):\n"
        f'  File "{shown}", line 6, in <module>\n'
        "    sleep()\n"
        f'  File "{shown}", line 4, in sleep\n'
        "    time.sleep(100) # \\x1b[31m\ttab\n"
    )
    check_nothing_left()


def test_target_is_left_alone(tachyon_run, sleeper):
    def switches():
        with open(f"/proc/{sleeper.pid}/status", encoding="ascii") as file:
            return [line for line in file if "ctxt_switches" in line]

    before = switches()
    assert tachyon_run("dump", "-a", sleeper.pid).returncode == 0
    assert switches() == before


@pytest.mark.parametrize("env, colors", [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)])
def test_colors(tachyon_run, sleeper, env, colors):
    done = tachyon_run("dump", sleeper.pid, env=os.environ | env)
    assert ("\x1b[" in done.stdout) == colors


def test_errors(tachyon_run, sleeper):
    sleeper.send_signal(signal.SIGKILL)
    sleeper.wait()
    for pid, reason in ((sleeper.pid, "does not exist"), (os.getpid(), None), (2, "thread of the kernel")):
        done = tachyon_run("dump", pid)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert line.startswith("tachyon-bpf: error: ") and (reason or "Python") in line
