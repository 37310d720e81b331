# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Interpreters as they are found in the wild: whatever became of their file, as a library, in another
container than we are. Each is profiled to the last line, and no sample fails."""

import os
import pathlib
import shutil
import subprocess

import pytest

from processes import wait_until
from profiled import Recording, Source, attach, check_chain, check_nothing_left, check_share
from tree import TARGETS

WORK = TARGETS / "work.py"
SOURCE = Source(WORK.read_text())
CHAIN = ("<module>", "work", "middle", "leaf", "leaf.<locals>.<genexpr>")


def check(profile, tid):
    """All samples of work.py's main thread, and none of them lost."""
    assert profile.counts.failed == {}
    assert profile.tids == {tid}
    assert check_chain(profile.rows, "work.py", SOURCE, CHAIN) == profile.counts.status["SAMPLED"]
    assert set(CHAIN) <= set(profile.functions())
    check_share(profile)


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
def test_file_of_the_interpreter(
    tachyon, lab, lab_dir, lab_script, start, tmp_path, python_version, fate
):
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
    check(attach(tachyon, tmp_path, target.pid, "-d", 0.7), target.pid)
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
    check(attach(tachyon, tmp_path, target.pid, "-d", 0.7), target.pid)


def test_container(tachyon, lab, lab_script, start, tmp_path, python_version):
    """In a pid and mount namespace of its own: thread ids are those that the target sees."""
    # The lab has a place on the inside where it is not on the outside, so its paths lead nowhere here.
    inner = f'mount --bind "{lab}" /mnt && exec chroot /mnt python{python_version} "{lab_script(WORK)}" 60'
    outer = start("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", inner)
    children = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text()
    check(attach(tachyon, tmp_path, int(children), "-d", 0.7), 1)


@pytest.mark.parametrize("command", ["attach", "run"])
def test_profiler_in_a_container(
    tachyon, lab, lab_exe, lab_script, tmp_path, python_version, command
):
    """The profiler itself does not see the machine's pids, together with its target."""
    inside = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    script = lab_script(WORK)
    if command == "run":
        recording = Recording(
            tachyon, tmp_path, "run", "--python", lab_exe(python_version), script, 0.7, prefix=inside
        )
    else:
        start = f'chroot "{lab}" python{python_version} "{script}" 60 & sleep 0.5; exec "$@" $!'
        recording = Recording(
            tachyon, tmp_path, "attach", "-d", 0.7, prefix=(*inside, "sh", "-c", start, "sh")
        )
    with recording:
        profile = recording.profile()
    assert profile.counts.failed == {}
    assert profile.tids == {2}  # 1 is the shell, or the profiler
    rows = [row for row in profile.rows if "work" in (function for _, function, _ in row[1])]
    assert check_chain(rows, "work.py", SOURCE, CHAIN) >= 0.8 * profile.counts.status["SAMPLED"]
    check_share(profile)
    check_nothing_left()
