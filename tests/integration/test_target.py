# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The interpreter in a process is found, whatever its file is called and wherever that is; its layout
is what the interpreter says of itself; and what is no interpreter for us is refused with its reason."""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

import engines
from interpreter import COUNTS_MADE, ENTRY_AT_ROOT, Interpreter
from processes import wait_until
from tree import ROOT, TARGETS

TOOL = ROOT / "build" / "tests" / "tools" / "layout"
SLEEP = "import time\nprint('ready', flush=True)\ntime.sleep(1000)\n"
SUPPORTED = "supported are 3.13, 3.14 and 3.15"

# Exit codes of the tool.
EAGAIN, ENOEXEC, ENOTSUP, EPROTO, EPERM, ESRCH = range(10, 16)

# Without these capabilities /proc/PID/map_files cannot be opened.
NO_MAP_FILES = ("setpriv", "--bounding-set", "-sys_admin,-checkpoint_restore")


def run_tool(pid, *prefix, tool=TOOL):
    done = subprocess.run([*prefix, str(tool), str(pid)], capture_output=True, text=True, timeout=20)
    assert done.returncode in range(0, 16), done.stderr
    assert done.stderr.count("\n") == (done.returncode != 0), done.stderr
    return done


def layout_of(pid, *prefix):
    done = run_tool(pid, *prefix)
    assert done.returncode == 0, done.stderr
    fields = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    exe = fields.pop("exe")
    return {name: int(value) for name, value in fields.items()} | {"exe": exe}


def check_alive(pid, version, *prefix):
    """The layout leads to the thread states of that very process."""
    layout = layout_of(pid, *prefix)
    major, minor = map(int, version.split("."))
    assert layout["version"] == major << 8 | minor
    with Interpreter(pid, layout) as interpreter:
        tids = [interpreter.field(ts, "ts_native_tid") for ts in interpreter.thread_states()]
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    inner = next(line.split() for line in status.splitlines() if line.startswith("NSpid:"))[-1]
    assert tids == [int(inner)]
    assert layout["main_cpu_ns"] > 0
    assert layout["cpu_ns"] >= layout["main_cpu_ns"]
    return layout


@pytest.fixture
def start(lab, lab_dir):
    """start(*command, **popen) -> pid of what it leads to, when that has printed "ready". Ended
    after the test."""
    started = []

    def run(*command, **popen):
        out = lab_dir / f"out.{len(started)}"
        with out.open("w") as file:
            proc = subprocess.Popen(
                list(map(str, command)), stdout=file, stderr=file, start_new_session=True, **popen
            )
        started.append(proc)

        def ready():
            assert proc.poll() is None, out.read_text()
            return out.read_text() == "ready\n"

        wait_until(ready, what="the target's line")
        return proc.pid

    yield run
    for proc in started:
        try:
            os.killpg(proc.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        proc.wait(timeout=10)


def test_layout_is_the_interpreters(lab_python, python_version):
    target = lab_python(python_version, TARGETS / "standing.py")
    target.wait_line()
    said = json.loads(target.output().splitlines()[0])
    layout = layout_of(target.pid)
    assert layout["exe"] == f"/usr/bin/python{python_version}"
    # 3.13 has no counter of freed code objects; that of those made was found, and is one.
    assert layout["flags"] == (ENTRY_AT_ROOT | COUNTS_MADE if python_version == "3.13" else ENTRY_AT_ROOT)
    assert layout["is_code_generation"]

    with Interpreter(target.pid, layout) as interpreter:
        seen = {}
        for thread in interpreter.thread_states():
            frames = list(interpreter.frames(thread))
            # Every complete chain ends in an entry frame.
            assert frames[-1][0] >= layout["first_non_python_owner"]
            python = [frame for frame in frames if frame[0] < layout["first_non_python_owner"]]
            tid = interpreter.field(thread, "ts_native_tid")
            seen[str(tid)] = [interpreter.describe(code, ip) for _, code, ip in python]
            assert not interpreter.holds_gil(thread)
            if any(frame[0] == "Größe.数" for frame in seen[str(tid)]):
                assert len(frames) - len(python) >= 2
        versions = [interpreter.field(code, "co_version", "I") for code in said["codes"]]
        head = interpreter.field(layout["runtime_addr"], "rt_interpreters_head")
        counter = interpreter.field(head, "is_code_generation", "I")

    reporter = seen.pop(str(said["reporter"]))
    assert [frame[0] for frame in reporter][0] == "report"
    assert seen == said["threads"]
    assert len(seen) == 3
    assert all(one < other for one, other in zip(versions, versions[1:]))
    assert versions[0] > 0
    if python_version == "3.13":
        assert versions[-1] < counter < versions[-1] + 1000


def test_holds_gil(lab_python, python_version):
    code = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
        "print('ready', flush=True)\n"
        "while True:\n    pass\n"
    )
    target = lab_python(python_version, code)
    target.wait_line()
    layout = layout_of(target.pid)
    os.kill(target.pid, signal.SIGSTOP)
    wait_until(
        lambda: pathlib.Path(f"/proc/{target.pid}/stat").read_text().rsplit(")", 1)[1][1] == "T",
        what="the stop",
    )
    with Interpreter(target.pid, layout) as interpreter:
        held = {
            interpreter.field(thread, "ts_native_tid"): interpreter.holds_gil(thread)
            for thread in interpreter.thread_states()
        }
    assert len(held) == 2
    assert [tid for tid in held if held[tid]] == [target.pid]


@pytest.mark.parametrize("prefix", [(), NO_MAP_FILES], ids=["", "no_map_files"])
@pytest.mark.parametrize("fate", ["renamed", "deleted", "replaced"])
def test_files(lab, lab_dir, lab_script, start, python_version, fate, prefix):
    """The program's file has another name, is gone, or is another one by now."""
    exe = lab_dir / "a worker (deleted)"
    shutil.copy(lab / "usr" / "bin" / f"python{python_version}", exe)
    pid = start("chroot", lab, exe, lab_script(SLEEP))
    if fate != "renamed":
        exe.unlink()
    if fate == "replaced":
        shutil.copy("/bin/true", exe)
    layout = check_alive(pid, python_version, *prefix)
    # The kernel marks a file that is gone in the same way.
    assert layout["exe"].removesuffix(" (deleted)") == str(exe).removesuffix(" (deleted)")


@pytest.mark.parametrize("prefix", [(), NO_MAP_FILES], ids=["", "no_map_files"])
@pytest.mark.parametrize("fate", ["there", "renamed", "deleted"])
def test_shared_library(lab, lab_dir, lab_script, start, python_version, fate, prefix):
    """The interpreter is a library that a program of another name opened."""
    inside = pathlib.Path(engines.library(lab, python_version))
    library = lab / inside.relative_to("/")
    if fate != "there":
        inside = lab_dir / "engine.so"
        shutil.copy(library, inside)
    embed = lab_dir / "embed"
    engines.build_embedder(embed)
    environ = dict(os.environ, PYTHONHOME="/usr")
    pid = start("chroot", lab, embed, inside, lab_script(SLEEP), env=environ)
    if fate == "deleted":
        inside.unlink()
    assert check_alive(pid, python_version, *prefix)["exe"] == str(embed)


@pytest.mark.parametrize("prefix", [(), NO_MAP_FILES], ids=["", "no_map_files"])
def test_other_namespaces(lab, lab_script, start, python_version, prefix):
    """As in a container: the path leads nowhere on our side, the process is number 1 on its."""
    script = lab_script(SLEEP)
    inner = f'mount --bind "{lab}" /mnt && exec chroot /mnt python{python_version} "{script}"'
    outer = start("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inner)
    children = pathlib.Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
    layout = check_alive(int(children[0]), python_version, *prefix)
    assert layout["exe"] == f"/usr/bin/python{python_version}"


def test_not_started(lab, lab_script, python_version):
    """At its first instruction: the table is there, the interpreter is not."""

    def enter():
        os.chroot(lab)
        ctypes.CDLL(None).ptrace(0, 0, 0, 0)  # PTRACE_TRACEME: stop at exec

    exe = f"/usr/bin/python{python_version}"
    proc = subprocess.Popen([exe, "-c", "pass"], preexec_fn=enter)
    try:
        os.waitpid(proc.pid, 0)
        done = run_tool(proc.pid)
        assert done.returncode == EAGAIN, done.stderr
        assert f"process {proc.pid} ({exe}) has a Python {python_version} that has not" in done.stderr
    finally:
        proc.kill()
        proc.wait(timeout=10)


def test_python_of_the_machine(start, lab_script):
    """Whatever runs these tests: supported, or refused with its version."""
    pid = start(sys.executable, lab_script(SLEEP))
    if sys.version_info[:2] in ((3, 13), (3, 14), (3, 15)):
        check_alive(pid, "%d.%d" % sys.version_info[:2])
        return
    done = run_tool(pid)
    assert done.returncode == ENOTSUP
    version = "%d.%d.%d" % sys.version_info[:3]
    assert f") runs Python {version}: {SUPPORTED}" in done.stderr


def test_not_python(start):
    done = run_tool(start("sh", "-c", "echo ready; exec sleep 1000"))
    assert done.returncode == ENOEXEC
    assert done.stderr.endswith(") does not run Python\n")


def test_kernel_thread():
    def is_kernel_thread(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[6]) & 0x200000  # PF_KTHREAD

    if not os.path.exists("/proc/2") or not is_kernel_thread(2):
        pytest.skip("no kernel thread to be seen: this is a container")
    done = run_tool(2)
    assert done.returncode == ENOEXEC
    assert done.stderr == "process 2 is a thread of the kernel\n"


def test_no_permission(lab_python, lab_dir, python_version):
    target = lab_python(python_version, SLEEP)
    target.wait_line()
    tool = shutil.copy(TOOL, lab_dir)
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    done = run_tool(target.pid, *nobody, tool=tool)
    assert done.returncode == EPERM
    for word in ("CAP_SYS_PTRACE is missing", "sudo", "--cap-add=SYS_PTRACE", "ptrace_scope"):
        assert word in done.stderr
    # The capability is all that is missing.
    allowed = nobody + ("--inh-caps", "+sys_ptrace", "--ambient-caps", "+sys_ptrace")
    assert run_tool(target.pid, *allowed, tool=tool).returncode == 0


def test_no_process():
    done = run_tool(0)
    assert done.returncode == ESRCH
    assert done.stderr == "cannot find the process: Process with PID '0' does not exist.\n"
