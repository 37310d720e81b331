# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Targets in namespaces of their own, profiled from the host: the stacks that they say that they have,
their view of file names, and thread ids of either side."""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from containers import Bundle, chroot, innermost, launch, rootless, tids, unshared
from published import Published, judge
from profiled import Recording, Source, attach, check_nothing_left
from rawfile import RawFile
from tree import TARGETS, VERSIONS
from workload import WORK, check_part_of_work, check_work

THREADS = 3
NEWEST = VERSIONS[-1]
PLACES = {
    "chroot": chroot,
    "namespaces": unshared,
    "nested": lambda lab, command: unshared(lab, command, depth=2),
    "rootless": rootless,
}


@pytest.fixture
def start(lab, lab_dir, tmp_path):
    """start(place, *command) -> pid, here, of what runs there when it has printed "ready"."""
    ended_by = []

    def run(place, *command, **more):
        if place == "runc":
            directory = tmp_path / f"tachyon-test-{lab_dir.name[-8:]}-{len(ended_by)}"
            directory.mkdir()
            bundle = Bundle(directory, lab, lab_dir)
            process = bundle.start(*command, **more)
            ended_by.append(bundle.remove)
            process.wait_line()
            return bundle.pid
        process = launch(PLACES[place](lab, command), lab_dir, len(ended_by), **more)
        ended_by.append(process.end)
        process.wait_line()
        return innermost(process.pid)

    yield run
    for end in reversed(ended_by):
        end()


def check_stopped(tachyon, tmp_path, lab_dir, pid, numbers):
    """Likewise, of threads that are stopped by their numbers here."""
    raw_path = tmp_path / "raw"
    profile = attach(tachyon, tmp_path, pid, "-a", "--blocking", "--mode", "wall", "-d", 0.4, "--raw", raw_path)
    raw = RawFile(raw_path)
    found, examples = judge(Published(lab_dir / "tracks", lab_dir / "stacks"), raw)
    assert not examples, examples
    assert found["right"] > 0
    assert set(profile.counts.failed) <= {"NO_ROOT"}
    assert {sample.host_tid: sample.tid for sample in raw.samples} == numbers


def check_truth(tachyon, tmp_path, lab_dir, pid):
    """What the program in there says of itself is what is seen from here."""
    raw_path = tmp_path / "raw"
    numbers = tids(pid)
    assert len(numbers) == THREADS
    profile = attach(tachyon, tmp_path, pid, "-a", "-r", "2khz", "-d", 1, "--raw", raw_path)
    raw = RawFile(raw_path)
    found, examples = judge(Published(lab_dir / "tracks", lab_dir / "stacks"), raw)
    assert not examples, examples
    assert found["right"] > 0.5 * sum(found.values()) > 50
    assert raw.end["unknown"] == raw.end["bad"] == raw.end["bad_lines"] == 0
    assert profile.counts.failed == {}
    assert profile.tids == set(numbers.values())
    assert {sample.host_tid: sample.tid for sample in raw.samples} == numbers
    profile = attach(tachyon, tmp_path, pid, "-a", "-d", 0.3, "--tids", "host")
    assert profile.tids == set(numbers)
    check_stopped(tachyon, tmp_path, lab_dir, pid, numbers)


@pytest.mark.parametrize(
    ("place", "version"),
    [*((place, NEWEST) for place in PLACES), *(("runc", version) for version in VERSIONS)],
)
def test_from_the_host(tachyon, lab_dir, lab_script, start, tmp_path, place, version):
    script = lab_script(TARGETS / "published.py")
    command = (f"python{version}", script, lab_dir / "tracks", lab_dir / "stacks", THREADS)
    pid = start(place, *command)
    check_truth(tachyon, tmp_path, lab_dir, pid)
    check_nothing_left()


def check_numbered(profile, prefix, number_of):
    """Each thread of numbered.py is called as it should be, and has its own function in all its rows."""
    found = collections.defaultdict(set)
    for tid, frames, _ in profile.rows:
        found[tid].update(function for _, function, _ in frames if re.fullmatch(r"[a-z]+_\d+", function))
    assert profile.counts.failed == {}
    assert found == {number: {f"{prefix}_{inner}"} for inner, number in number_of.items()}


@pytest.mark.parametrize("which", ["inner", "host"])
def test_same_numbers_on_both_sides(tachyon, lab_script, start, tmp_path, which):
    """Threads of a container that have, in it, the numbers of threads of another program here; its main
    thread is 1. Both are profiled at the same time."""
    script = lab_script(TARGETS / "numbered.py")
    here = start("chroot", f"python{NEWEST}", script, "here")
    numbers_here = {tid: tid for tid in tids(here)}
    there = start("namespaces", f"python{NEWEST}", script, "there", *sorted(numbers_here)[1:])
    numbers_there = {inner: inner if which == "inner" else outer for outer, inner in tids(there).items()}
    assert set(numbers_there) == {1, *sorted(numbers_here)[1:]}

    options = ("-a", "-d", 0.7, "--tids", which)
    (tmp_path / "other").mkdir()
    with Recording(tachyon, tmp_path / "other", "attach", *options, here) as recording:
        profile = attach(tachyon, tmp_path, there, *options)
        check_numbered(recording.profile(), "here", numbers_here)
    check_numbered(profile, "there", numbers_there)


@pytest.mark.parametrize("which", ["inner", "host"])
def test_threads_without_python(tachyon, lab_dir, lab_script, start, tmp_path, which):
    """The report calls them by the same numbers."""
    burn = lab_dir / "burn.so"
    command = ("cc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-pthread", "-o", burn, TARGETS / "burn.c")
    subprocess.run(command, check=True, timeout=60)
    text = f"""
import ctypes, time
library = ctypes.CDLL({str(burn)!r})
library.burn_start.argtypes = ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_void_p
library.burn_start(b"burner", 1, 60.0, None)
print("ready", flush=True)
time.sleep(60)
"""
    pid = start("namespaces", f"python{NEWEST}", lab_script(text))
    ((outer, inner),) = (pair for pair in tids(pid).items() if pair[1] != 1)
    burner = {"inner": inner, "host": outer}[which]
    assert inner != outer
    profile = attach(tachyon, tmp_path, pid, "-d", 0.4, "--tids", which)
    line = rf"^CPU in threads without Python: [\d.]+ s \(burner {burner}: [\d.]+ s\)$"
    assert re.search(line, profile.stdout, re.M), profile.stdout


# A root user who may look into processes, but not open the files that they have mapped.
NO_MAP_FILES = ("setpriv", "--bounding-set", "-sys_admin,-checkpoint_restore")


@pytest.mark.parametrize("prefix", [(), NO_MAP_FILES], ids=["root", "no_map_files"])
@pytest.mark.parametrize("fate", ["other", "deleted", "replaced", "chroot"])
def test_file_of_the_interpreter(tachyon, lab, lab_script, start, tmp_path, fate, prefix):
    """Its path leads elsewhere from here (to another Python), or nowhere, or the container has changed."""
    path = pathlib.Path(sys.executable).resolve()
    original = lab / "usr" / "bin" / f"python{NEWEST}"
    assert path.name.startswith("python3.") and path.name != original.name
    text = WORK.read_text()
    if fate == "chroot":
        text = text.replace("import sys\n", "import os, sys; os.chroot('/var')\n")
    pid = start("runc", path, lab_script(text, "work.py"), 60, capabilities=("SYS_CHROOT",), files={path: original})
    inside = pathlib.Path(f"/proc/{pid}/root/{path}")
    if fate in ("deleted", "replaced"):
        inside.unlink()
    if fate == "replaced":
        shutil.copy("/bin/true", inside)
    with Recording(tachyon, tmp_path, "attach", "-d", 0.5, pid, prefix=prefix) as recording:
        check_work(recording.profile(), 1, Source(text))


def test_container_ends(tachyon, lab_script, start, tmp_path):
    """With its mounts and its pid namespace, while it is profiled."""
    pid = start("runc", f"python{NEWEST}", lab_script(WORK), 60)
    with Recording(tachyon, tmp_path, "attach", pid) as recording:
        recording.wait_sampling()
        time.sleep(0.3)
        os.kill(pid, 9)
        check_part_of_work(recording.profile(), 1)
    check_nothing_left()
