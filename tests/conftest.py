# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Fixtures of the tests that run the program on real interpreters.

The targets are real interpreters: those of the lab, a root file system with python3.13, 3.14 and
3.15 (scripts/lab.sh). Environment:
  TACHYON  the program under test (default build/tachyon-bpf)
  LAB      the lab's path         (default: what scripts/lab.sh prints)
  PY       versions to test, e.g. PY=3.14 or PY="3.13 3.15" (default: all three)

These tests need root. Without it they fail; they never skip.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from processes import LabProcess, is_file, wait_until
from tree import ROOT, VERSIONS


# Whoever runs the tests may like colours; what is compared has none unless it says so.
for name in ("FORCE_COLOR", "NO_COLOR", "PYTHON_COLORS"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session")
def root():
    if os.geteuid() != 0:
        pytest.fail("this test needs root (chroot, BPF, ptrace); it is never skipped")


@pytest.fixture(scope="session")
def tachyon():
    """Path of the program under test."""
    path = pathlib.Path(os.environ.get("TACHYON", ROOT / "build" / "tachyon-bpf"))
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is missing: run `make` first")
    return str(path)


@pytest.fixture(scope="session")
def lab(root):
    """Path of the lab (pathlib)."""
    path = os.environ.get("LAB")
    if not path:
        done = subprocess.run([str(ROOT / "scripts" / "lab.sh"), "path"], capture_output=True, text=True)
        path = done.stdout.strip()
        if done.returncode or not path:
            pytest.fail(f"scripts/lab.sh path: {done.stderr.strip()}")
    path = pathlib.Path(path).resolve()
    if not (path / "usr" / "bin").is_dir():
        pytest.fail(f"no lab in {path}: run scripts/lab.sh first")
    return path


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    path = tmp_path / "small"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", path], check=True)
    yield path
    subprocess.run(["umount", path], check=True)


@pytest.fixture(params=VERSIONS)
def python_version(request):
    return request.param


@pytest.fixture
def lab_dir(lab):
    """A private directory that has the same path inside the lab and outside: outside it is a
    symbolic link. Readable by every user."""
    inside = pathlib.Path(tempfile.mkdtemp(prefix="tachyon-test-", dir=lab / "tmp"))
    inside.chmod(0o755)
    path = pathlib.Path("/tmp") / inside.name
    path.symlink_to(inside)
    yield path
    path.unlink()
    shutil.rmtree(inside)


@pytest.fixture
def lab_script(lab_dir):
    """lab_script(path_or_code, name="target.py"): make a program visible in the lab, return its
    path. A pathlib.Path, or a string without newline that names a file, is copied; any other string
    is the program's text."""

    def make(path_or_code, name=None):
        is_path = is_file(path_or_code)
        text = pathlib.Path(path_or_code).read_text() if is_path else path_or_code
        if name is None:
            name = pathlib.Path(path_or_code).name if is_path else "target.py"
        script = lab_dir / name
        script.write_text(text)
        script.chmod(0o755)
        return script

    return make


@pytest.fixture
def lab_python(lab, lab_dir, lab_script):
    """lab_python(version, path_or_code, *args, **popen): start a program in the lab.

    Returns a LabProcess as soon as the process is the interpreter (not that it has run anything:
    let the program print a line and use .wait_line()). Ends it after the test."""
    started = []

    def start(version, path_or_code, *args, python_args=(), name=None, **popen):
        number = len(started)
        if name is None and not is_file(path_or_code):
            name = f"target{number}.py" if number else "target.py"
        script = lab_script(path_or_code, name)
        outs = {which: lab_dir / f"{which}.{number}" for which in ("stdout", "stderr")}
        opened = {}
        for which, path in outs.items():
            path.touch()
            if which not in popen:
                opened[which] = popen[which] = path.open("w")
        popen.setdefault("stdin", subprocess.DEVNULL)
        command = ["chroot", str(lab), f"python{version}", *python_args, str(script), *map(str, args)]
        try:
            proc = LabProcess(command, start_new_session=True, **popen)
        finally:
            for file in opened.values():
                file.close()
        started.append(proc)
        proc.stdout_path, proc.stderr_path = outs["stdout"], outs["stderr"]

        def is_python():
            if proc.poll() is not None:
                return True  # over already: the caller sees why
            try:
                exe = os.readlink(f"/proc/{proc.pid}/exe")
            except FileNotFoundError:  # just ended
                return False
            return os.path.basename(exe).startswith(f"python{version}")

        wait_until(is_python, what="exec of the interpreter")
        return proc

    yield start
    for proc in started:
        proc.end()


@pytest.fixture
def lab_run(lab, lab_script):
    """lab_run(version, path_or_code, *args) -> CompletedProcess: run a program to its end, as an
    oracle."""

    def run(version, path_or_code, *args, timeout=120, **popen):
        script = lab_script(path_or_code, "oracle.py")
        command = ["chroot", str(lab), f"python{version}", str(script), *map(str, args)]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, **popen)

    return run


@pytest.fixture
def lab_exe(lab, lab_dir):
    """lab_exe(version) -> an executable on this side that becomes the lab's interpreter: for
    `run --python`. Programs have to stand in lab_dir, which has the same path on both sides."""

    def make(version):
        exe = lab_dir / f"python{version}"
        exe.write_text(f'#!/bin/sh\nexec chroot "{lab}" python{version} "$@"\n')
        exe.chmod(0o755)
        return str(exe)

    return make


@pytest.fixture
def tachyon_run(tachyon):
    """tachyon_run(*args) -> CompletedProcess of the program under test, run to its end."""

    def run(*args, timeout=60, **popen):
        if "stdout" not in popen and "stderr" not in popen:
            popen["capture_output"] = True
        popen.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run([tachyon, *map(str, args)], text=True, timeout=timeout, **popen)

    return run
