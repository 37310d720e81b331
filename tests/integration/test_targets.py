# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Interpreters as they are found in the wild: whatever became of their file, as a library. Each is
profiled to the last line, and no sample fails. In containers: test_containers.py."""

import os
import shutil
import subprocess

import pytest

from processes import wait_until
from profiled import attach, check_nothing_left
from tree import TARGETS
from workload import WORK, check_work


@pytest.fixture
def start(lab_dir):
    """start(*command) -> its process when the target in it has printed "ready"; ended after the
    test, with what it has started."""
    started = []

    def run(*command, **popen):
        out = lab_dir / f"target.{len(started)}"
        with out.open("w") as file:
            proc = subprocess.Popen(
                list(map(str, command)), stdout=file, stderr=file, start_new_session=True, **popen
            )
        started.append(proc)
        wait_until(lambda: "ready\n" in out.read_text() or proc.poll() is not None, 20, "the target")
        assert proc.poll() is None, out.read_text()
        return proc

    yield run
    for proc in started:
        os.killpg(proc.pid, 9)
        proc.wait(timeout=10)


def copy_without_sections(source, path):
    """What some packers leave: a file that runs, but has no table of sections."""
    elf = bytearray(source.read_bytes())
    elf[0x28:0x30] = bytes(8)  # e_shoff
    elf[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    path.write_bytes(elf)
    path.chmod(0o755)


@pytest.mark.parametrize("fate", ["deleted", "replaced", "stripped", "no_sections"])
def test_file_of_the_interpreter(tachyon, lab, lab_dir, lab_script, start, tmp_path, python_version, fate):
    original = lab / "usr" / "bin" / f"python{python_version}"
    exe = lab_dir / "engine"
    if fate == "no_sections":
        copy_without_sections(original, exe)
    else:
        shutil.copy(original, exe)
    if fate == "stripped":
        subprocess.run(["strip", "--strip-all", exe], check=True, timeout=60)
    target = start("chroot", lab, exe, lab_script(WORK), 60)
    if fate in ("deleted", "replaced"):
        exe.unlink()
    if fate == "replaced":
        shutil.copy("/bin/true", exe)
    check_work(attach(tachyon, tmp_path, target.pid, "-d", 0.7), target.pid)
    check_nothing_left()


def test_library(tachyon, lab, lab_dir, lab_script, start, tmp_path, python_version):
    """Embedded in a program of another name: a shared library, loaded anywhere."""
    library = f"/usr/lib/{os.uname().machine}-linux-gnu/libpython{python_version}.so.1.0"
    assert (lab / library[1:]).exists()
    embed = lab_dir / "embed"
    subprocess.run(["cc", "-o", embed, TARGETS / "embed.c"], check=True, timeout=60)
    target = start(
        "chroot", lab, embed, library, lab_script(WORK), 60, env=dict(os.environ, PYTHONHOME="/usr")
    )
    check_work(attach(tachyon, tmp_path, target.pid, "-d", 0.7), target.pid)
