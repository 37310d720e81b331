# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""`tachyon-bpf run`: what the program gets, what it gives back, and how it is started and ended."""

import os
import pwd
import re
import shutil
import signal
import struct
import subprocess
import time

import pytest

from processes import wait_until
from shares import expect

NOBODY = pwd.getpwnam("nobody")
SUDO = {"SUDO_UID": str(NOBODY.pw_uid), "SUDO_GID": str(NOBODY.pw_gid), "SUDO_USER": "nobody"}

BURN = """
import sys, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
"""
ENDLESS = """
import os, sys
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    pass
"""


def alive(pid):
    """Whether there is such a process, zombies aside."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def run(tachyon_run, lab_exe, lab_script, lab_dir):
    """run(version, code, *args, options=()): profile a program; its stdout is in front of ours. The
    profile goes to a file, or into the output with options=["--pstats"]."""

    def start(version, code, *args, options=("--collapsed",), **popen):
        script = lab_script(code)
        out = [] if "--pstats" in options else ["-o", lab_dir / "out"]
        exe = ["--python", lab_exe(version)]
        return tachyon_run("run", "--mode", "cpu", *exe, *out, *options, script, *args, **popen)

    return start


@pytest.mark.parametrize(
    "code, status",
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("raise SystemExit(255)", 255),
        ("raise SystemExit('message')", 1),
        ("1/0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 128 + signal.SIGSEGV),
        ("import os; os._exit(2)", 2),
    ],
)
def test_exit_status(run, code, status):
    assert run("3.15", code + "\n").returncode == status


def test_stdio_and_arguments(run, python_version):
    code = """
import sys
print(sys.argv[1:])
print(sys.stdin.read().upper())
print("to stderr", file=sys.stderr)
"""
    args = ["-h", "--mode", "gil", "--", "-r", "two words", "", "-m", "x"]
    done = run(python_version, code, *args, input="text", stdin=None)
    assert done.returncode == 0
    assert done.stdout.splitlines()[:2] == [str(args), "TEXT"]
    assert "to stderr" in done.stderr.splitlines()


def test_as_the_interpreter_itself_would(run, lab_script, lab, python_version):
    """sys.argv, __name__, sys.path and the rest are as without us."""
    code = """
import sys
print(__name__, __file__, sys.argv, sys.path, sys.flags, sys.executable, sorted(sys.modules))
"""
    ours = run(python_version, code, "a").stdout.splitlines()[0]
    command = ["chroot", str(lab), f"python{python_version}", str(lab_script(code)), "a"]
    plain = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    assert ours == plain.stdout.splitlines()[0]


def test_module(tachyon_run, lab_exe, lab_script, lab_dir, python_version):
    lab_script("import sys\nprint(__name__, sys.argv[1:])\nsys.exit(5)\n", "some_module.py")
    done = tachyon_run(
        *["run", "--mode", "cpu", "--collapsed", "-o", lab_dir / "out", "--python", lab_exe(python_version)],
        *["-m", "some_module", "-m", "--version"],
        env={**os.environ, "PYTHONPATH": str(lab_dir)},
    )
    assert done.stdout.splitlines()[0] == "__main__ ['-m', '--version']"
    assert done.returncode == 5


@pytest.mark.parametrize(
    "wrapper",
    [[], ["env", "A=b"], ["sh", "-c", 'exec "$@"', "sh"], ["sh", "-c", 'exec env nice "$@"', "sh"]],
    ids=["direct", "env", "shell", "chain"],
)
def test_command(tachyon_run, lab_exe, lab_script, lab_dir, wrapper):
    script = lab_script(BURN + "burn(0.2)\nprint(sys.argv[1:])\nsys.exit(4)\n")
    done = tachyon_run(
        *["run", "--mode", "cpu", "--collapsed", "-o", lab_dir / "out", "--"],
        *[*wrapper, lab_exe("3.15"), script, "-x", "--", "y"],
    )
    assert done.stdout.splitlines()[0] == "['-x', '--', 'y']"
    assert done.returncode == 4
    assert re.search(r"target\.py:burn:\d+ \d+$", (lab_dir / "out").read_text(), re.M)


def stacks(path):
    """[(frames, samples)] of a collapsed file, without the thread's frame."""
    rows = []
    for line in path.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        rows.append((stack.split(";")[1:], int(count)))
    return rows


def test_from_the_first_bytecode(run, lab_dir, python_version):
    """What runs before the program's first line is seen, too; nothing of ours is."""
    done = run(python_version, BURN + "burn(0.5)\n", options=["--collapsed", "-r", "10khz"])
    assert done.returncode == 0, done.stderr
    rows = stacks(lab_dir / "out")
    burning = sum(count for frames, count in rows if ":burn:" in ";".join(frames))
    expect(burning >= 0.95 * 0.5 * 10000, burning)
    # The import system is set up before there is any module.
    before = sum(count for frames, count in rows if re.search(r"_bootstrap[^;]*>:_install\w*:", ";".join(frames)))
    assert before >= 1
    # And nothing of ours lies below the program's own frames.
    shapes = {re.sub(r":\d+(;|$)", r"\1", ";".join(frames)) for frames, _ in rows}
    assert {shape for shape in shapes if "burn" in shape} == {"target.py:<module>;target.py:burn"}


def test_virtual_env_and_path(tachyon_run, lab_exe, lab_script, lab_dir):
    script = lab_script("import sys\nprint('%d.%d' % sys.version_info[:2])\n")
    for place, version in (("venv/bin/python", "3.14"), ("path/python3", "3.13")):
        (lab_dir / place).parent.mkdir(parents=True)
        shutil.copy(lab_exe(version), lab_dir / place)
    env = {**os.environ, "PATH": f"{lab_dir}/path:{os.environ['PATH']}"}
    env.pop("VIRTUAL_ENV", None)
    command = ["run", "--mode", "cpu", "--collapsed", "-o", lab_dir / "out"]
    first = []
    for extra, options in (
        ({}, []),
        ({"VIRTUAL_ENV": str(lab_dir / "venv")}, []),
        ({"VIRTUAL_ENV": str(lab_dir / "venv")}, ["--python", lab_exe("3.15")]),
    ):
        done = tachyon_run(*command, *options, script, env={**env, **extra})
        assert done.returncode == 0, done.stderr
        first.append(done.stdout.splitlines()[0])
    assert first == ["3.13", "3.14", "3.15"]


@pytest.fixture
def users_exe(lab, lab_dir):
    """An interpreter of the lab that an ordinary user can start: chroot with the one capability it
    needs, as setcap(8) gives it."""
    cap_sys_chroot = 18
    chroot = lab_dir / "chroot"
    shutil.copy(shutil.which("chroot", path="/usr/sbin:/usr/bin"), chroot)
    # linux/capability.h: struct vfs_cap_data, revision 2, effective
    os.setxattr(chroot, "security.capability", struct.pack("<5I", 0x02000001, 1 << cap_sys_chroot, 0, 0, 0))
    exe = lab_dir / "users-python"
    exe.write_text(f'#!/bin/sh\nexec "{chroot}" "{lab}" python3.15 "$@"\n')
    exe.chmod(0o755)
    return exe


def test_as_the_user_behind_sudo(tachyon_run, users_exe, lab_script, lab_dir):
    code = BURN + "import os\nburn(0.3)\nprint(os.getresuid(), os.getresgid(), os.getgroups(), os.environ['HOME'])\n"
    script = lab_script(code + "print(oct(os.umask(0)), [name for name in os.environ if name.startswith('SUDO')])\n")
    mine = lab_dir / "mine"
    mine.mkdir()
    os.chown(mine, NOBODY.pw_uid, NOBODY.pw_gid)
    done = tachyon_run(
        *["run", "--mode", "cpu", "--collapsed", "-o", mine / "out", "--python", users_exe, script],
        env={**os.environ, **SUDO},
        umask=0o027,
    )
    assert done.returncode == 0, done.stderr
    uid, gid = NOBODY.pw_uid, NOBODY.pw_gid
    assert done.stdout.splitlines()[:2] == [
        f"({uid}, {uid}, {uid}) ({gid}, {gid}, {gid}) [{gid}] {NOBODY.pw_dir}",
        "0o27 []",
    ]
    stat = os.stat(mine / "out")
    assert (stat.st_uid, stat.st_gid) == (uid, gid)
    burned = sum(count for frames, count in stacks(mine / "out") if ":burn:" in ";".join(frames))
    expect(burned >= 0.9 * 300, burned)


@pytest.fixture
def endless(tachyon, lab_exe, lab_script, lab_dir):
    """Starts a run of a program that never ends: (profiler, pid of the program)."""
    started = []

    def start(*options):
        pidfile = lab_dir / "pid"
        command = [tachyon, "run", "--mode", "cpu", "--collapsed", "-o", str(lab_dir / "out"), *options]
        command += ["--python", lab_exe("3.15"), str(lab_script(ENDLESS)), str(pidfile)]
        proc = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(proc)
        wait_until(lambda: pidfile.exists() or proc.poll() is not None, what="start of the program")
        assert proc.poll() is None, proc.communicate()
        return proc, int(pidfile.read_text())

    yield start
    for proc in started:
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        proc.communicate()


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_both_and_keeps_the_result(endless, lab_dir, sig):
    proc, pid = endless()
    time.sleep(0.5)
    used = cpu_seconds(pid)
    proc.send_signal(sig)
    out, err = proc.communicate(timeout=20)
    assert proc.returncode == 0, err
    assert "Captured " in out
    expect(sum(count for _, count in stacks(lab_dir / "out")) >= 0.8 * used * 1000 > 0, used)
    assert not alive(pid)


def test_ctrl_c_in_a_terminal(endless, lab_dir):
    """The whole process group gets it: the program ends by itself."""
    proc, pid = endless()
    time.sleep(0.3)
    os.killpg(proc.pid, signal.SIGINT)
    out, err = proc.communicate(timeout=20)
    assert proc.returncode == 0, err
    assert "Captured " in out
    assert stacks(lab_dir / "out")
    assert not alive(pid)


def test_duration_ends_the_program(endless, lab_dir):
    proc, pid = endless("-d", "1.5")
    out, err = proc.communicate(timeout=20)
    assert proc.returncode == 0, err
    seconds = float(re.search(r"^Captured [\d,]+ samples? in ([\d.]+) seconds", out, re.M)[1])
    assert 1.4 < seconds < 2.5
    assert not alive(pid)


def test_killed_profiler_leaves_the_program_alone(endless):
    """It is released by then: the profiler's end is nothing to it."""
    proc, pid = endless()
    time.sleep(0.3)
    proc.kill()
    proc.wait(timeout=10)
    time.sleep(0.3)
    assert alive(pid)
    with open(f"/proc/{pid}/status") as status:
        assert "TracerPid:\t0\n" in status.read()
    os.kill(pid, signal.SIGKILL)


def error(done):
    """The one line on stderr."""
    assert done.returncode == 1, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("tachyon-bpf: error: ")
    return lines[0][len("tachyon-bpf: error: ") :]


def test_errors(tachyon_run, lab_dir):
    def run(*args):
        return error(tachyon_run("run", "--mode", "cpu", *args))

    assert run(lab_dir / "missing.py") == f"cannot find the target: Script '{lab_dir}/missing.py' not found."
    (lab_dir / "file").touch()
    text = run(lab_dir / "file" / "x.py")
    assert text == f"cannot find the target: Script '{lab_dir}/file/x.py' cannot be reached: Not a directory"
    assert run("--python", "/no/such/python", __file__) == "cannot run /no/such/python: No such file or directory"
    assert run("--python", lab_dir, __file__) == f"cannot run {lab_dir}: Is a directory"
    assert run("--", "/no/such/command") == "cannot run /no/such/command: No such file or directory"
    (lab_dir / "plain").write_text("")
    assert run("--", lab_dir / "plain") == f"cannot run {lab_dir}/plain: Permission denied"
    assert "true" in run("--", "true")  # no Python in it


def test_exit_status_of_a_command_without_python(tachyon_run):
    assert tachyon_run("run", "--mode", "cpu", "--", "sh", "-c", "exit 7").returncode == 7


def test_refused_interpreter_runs_nothing(tachyon_run, lab_script, lab_dir):
    """An interpreter of a version that is not supported: said, and the program was never started."""
    python = "/usr/bin/python3"
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if version in ("3.13", "3.14", "3.15"):
        pytest.skip(f"this machine's own Python {version} is supported")
    script = lab_script(f"open({str(lab_dir / 'ran')!r}, 'w')\n")
    text = error(tachyon_run("run", "--mode", "cpu", "--python", python, script))
    assert version in text and "3.13" in text and "3.15" in text
    assert not (lab_dir / "ran").exists()
