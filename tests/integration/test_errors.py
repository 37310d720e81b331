# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What cannot be done is said in one line, which names the cause and the way out, with exit code 1; no
target is harmed, no sampling has begun, and nothing stays in the kernel."""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from processes import wait_until
from profiled import NAME, Recording, check_nothing_left, claim_version
from results import Counts, collapsed
from tree import VERSIONS

SLEEP = "import time\nprint('ready', flush=True)\ntime.sleep(60)\n"
BUSY = "print('ready', flush=True)\nwhile True:\n    pass\n"
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
PTRACE_TRACEME = 0


def check_error(done, *words):
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"{NAME}: error: ") and done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""
    check_nothing_left()


@pytest.fixture
def refuse(tachyon_run):
    """refuse(pid, *words): attaching to it is an error with these words."""

    def run(pid, *words):
        check_error(tachyon_run("attach", "--mode", "cpu", "-d", 5, pid), *words)

    return run


@pytest.fixture
def target(lab_python):
    """A program that is refused, or not, for reasons that are the same in all versions."""
    target = lab_python(VERSIONS[-1], BUSY)
    target.wait_line()
    return target


# --- processes -----------------------------------------------------------------------------------


def test_no_process(refuse):
    done = subprocess.Popen(["true"])
    done.wait(timeout=10)
    for pid in (done.pid, 0, -1, -2147483648, 2147483647):
        refuse(pid, f"cannot find the process: Process with PID '{pid}' does not exist.")


def test_thread(refuse):
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        refuse(thread.native_id, f"{thread.native_id} is a thread of process {os.getpid()}: give")
    finally:
        stop.set()
        thread.join()


def test_zombie(refuse):
    proc = subprocess.Popen(["true"])
    stat = pathlib.Path(f"/proc/{proc.pid}/stat")
    wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "Z", what="its end")
    try:
        refuse(proc.pid, f"process {proc.pid} has ended and waits for its parent (zombie)")
    finally:
        proc.wait(timeout=10)


def test_kernel_thread(refuse):
    """In a container there is none to be seen."""
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        pid, flags = int(stat.parent.name), int(stat.read_text().rsplit(")", 1)[1].split()[6])
        if flags & 0x200000:  # PF_KTHREAD
            refuse(pid, f"process {pid} is a thread of the kernel")
            break
    else:
        assert pathlib.Path("/proc/1/comm").read_text() not in ("systemd\n", "init\n")


def test_not_python(refuse):
    with subprocess.Popen(["sleep", "60"]) as proc:
        exe = pathlib.Path(f"/proc/{proc.pid}/exe")
        wait_until(lambda: os.readlink(exe).endswith("/sleep"), what="its exec")
        refuse(proc.pid, f"process {proc.pid} ({os.readlink(exe)}) does not run Python")
        proc.kill()


@pytest.mark.skipif(
    sys.version_info[:2] in ((3, 13), (3, 14), (3, 15)), reason="this Python is a supported one"
)
def test_unsupported_version(refuse, tachyon_run):
    version = "%d.%d" % sys.version_info[:2]
    with subprocess.Popen([sys.executable, "-c", SLEEP], stdout=subprocess.PIPE) as proc:
        assert proc.stdout.readline() == b"ready\n"
        refuse(proc.pid, f"runs Python {version}.", "supported are 3.13, 3.14 and 3.15")
        proc.kill()


def test_version_of_tomorrow(refuse, lab, lab_dir, lab_script):
    exe = lab_dir / "python"
    claim_version(lab / f"usr/bin/python{VERSIONS[-1]}", exe, 0x031000F0)
    with subprocess.Popen(["chroot", lab, exe, lab_script(SLEEP)], stdout=subprocess.PIPE) as proc:
        assert proc.stdout.readline() == b"ready\n"
        refuse(proc.pid, f"({exe}) runs Python 3.16.0: supported are 3.13, 3.14 and 3.15")
        proc.kill()


def test_not_started(refuse, lab, python_version):
    """Held at its first instruction: the interpreter is there, but has no state yet."""

    def hold_at_exec():
        os.chroot(lab)
        ctypes.CDLL(None).ptrace(PTRACE_TRACEME, 0, 0, 0)

    exe = f"/usr/bin/python{python_version}"
    proc = subprocess.Popen([exe, "-c", "pass"], preexec_fn=hold_at_exec)
    try:
        os.waitpid(proc.pid, 0)
        refuse(proc.pid, f"({exe}) has a Python {python_version} that has not started yet")
    finally:
        proc.kill()
        proc.wait(timeout=10)


# --- rights --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "caps, words",
    [
        ((), ("CAP_SYS_PTRACE is missing", "sudo", "--cap-add=SYS_PTRACE", "ptrace_scope")),
        (("bpf", "perfmon"), ("CAP_SYS_PTRACE is missing", "sudo")),
        (("sys_ptrace",), ("missing CAP_BPF and CAP_PERFMON", "sudo")),
        (("sys_ptrace", "bpf"), ("missing CAP_PERFMON;", "sudo")),
        (("sys_ptrace", "perfmon"), ("missing CAP_BPF;", "sudo")),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else None,
)
def test_missing_capability(tachyon, lab_dir, target, caps, words):
    exe = shutil.copy(tachyon, lab_dir / NAME)
    given = ",".join(f"+{cap}" for cap in caps)
    command = [*NOBODY, *(("--inh-caps", given, "--ambient-caps", given) if caps else ())]
    done = subprocess.run(
        [*command, exe, "attach", "--mode", "cpu", "-d", "5", str(target.pid)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    check_error(done, *words)


def test_enough_capabilities(tachyon, lab_dir, target, tmp_path):
    """The three that the messages name are all that it takes."""
    exe = shutil.copy(tachyon, lab_dir / NAME)
    given = "+sys_ptrace,+bpf,+perfmon"
    prefix = (*NOBODY, "--inh-caps", given, "--ambient-caps", given)
    place = tmp_path / "nobodys"
    place.mkdir()
    os.chown(place, 65534, 65534)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    recording = Recording(exe, place, "attach", "-d", 0.3, target.pid, prefix=prefix)
    assert recording.profile().counts.failed == {}


def test_no_type_information(tachyon, target):
    """A kernel without BTF, as far as can be seen."""
    hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", hide, "sh", tachyon]
        + ["attach", "--mode", "cpu", "-d", "5", str(target.pid)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    check_error(done, "/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF=y")


@pytest.mark.parametrize("limit", range(4, 26, 3))
def test_few_descriptors(tachyon, target, limit, tmp_path):
    """Whatever it is that cannot be opened, it is said, and undone what was begun."""
    done = subprocess.run(
        ["prlimit", f"--nofile={limit}", tachyon, "attach", "--mode", "cpu", "-d", "5"]
        + ["--collapsed", "-o", tmp_path / "out", str(target.pid)],
        capture_output=True,
        text=True,
        timeout=20,
    )
    check_error(done)
    assert list(tmp_path.iterdir()) == []


# --- outputs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["-o", "--raw"])
@pytest.mark.parametrize("place", ["nowhere/out", "file/out", "locked/out", "link/out"])
def test_unwritable_output_is_said_first(tachyon_run, lab_exe, lab_script, tmp_path, place, option):
    """Before the program of `run` is started, or a second is spent on sampling."""
    (tmp_path / "file").touch()
    (tmp_path / "locked").mkdir()
    (tmp_path / "link").symlink_to("link")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path / "locked"], check=True)
    script = lab_script("import sys\nopen(sys.argv[1], 'w').close()\n")
    output = tmp_path / place
    try:
        done = tachyon_run(
            *("run", "--mode", "cpu", "--collapsed", option, output, "--python", lab_exe(VERSIONS[-1])),
            *(script, script.parent / "started"),
        )
    finally:
        subprocess.run(["umount", tmp_path / "locked"], check=True)
    check_error(done, f"write {output}:" if option == "-o" else f"raw records to {output}:")
    assert not (script.parent / "started").exists()


@pytest.fixture
def rescued(tmp_path, monkeypatch):
    """rescued(stderr, total): the profile that could not be written is all there, in the place for temporary
    files, and that is said."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))

    def check(stderr, total=None):
        (path,) = place.iterdir()
        assert stderr.rstrip().endswith(f"; the profile is in {path}")
        if total is not None:
            assert sum(count for *_, count in collapsed(path)) == total > 0
        return path

    return check


def test_full_device(tachyon, target, tmp_path, rescued):
    """Only writing shows it: said at the end, after the closing lines."""
    with Recording(tachyon, tmp_path, "attach", "-d", 0.2, target.pid, output="/dev/full") as recording:
        assert recording.wait() == 1
    rescued(recording.stderr.read_text(), Counts(recording.stderr.read_text()).samples)
    assert "Captured" in recording.stdout.read_text()
    errors = [line for line in recording.stderr.read_text().splitlines() if ": error: " in line]
    assert len(errors) == 1 and "cannot write /dev/full: No space left on device; make room" in errors[0]
    check_nothing_left()


def test_disk_fills_up(tachyon, target, tmp_path, small_disk, rescued):
    """The old profile stays, half a new one does not."""
    (small_disk / "profile.txt").write_text("old")
    with Recording(
        *(tachyon, tmp_path, "attach", target.pid), output=small_disk / "profile.txt"
    ) as recording:
        recording.wait_sampling()
        (small_disk / "filler").write_bytes(bytes(60 * 1024))
        time.sleep(0.3)
        recording.process.send_signal(signal.SIGINT)
        assert recording.wait() == 1
    assert ": error: cannot write " in recording.stderr.read_text()
    assert "No space left on device" in recording.stderr.read_text()
    rescued(recording.stderr.read_text(), Counts(recording.stderr.read_text()).samples)
    assert sorted(entry.name for entry in small_disk.iterdir()) == ["filler", "profile.txt"]
    assert (small_disk / "profile.txt").read_text() == "old"


def test_limit_of_file_sizes(tachyon, target, tmp_path):
    """`ulimit -f` is an error, not a death."""
    done = subprocess.run(
        ["prlimit", "--fsize=0", tachyon, "attach", "--collapsed", "-o", tmp_path / "out", "-d", "0.2", str(target.pid)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, "Captured" in done.stdout) == (1, True)
    assert done.stderr.endswith(f"error: cannot write {tmp_path}/out: File too large; give another place with -o\n")
    assert list(tmp_path.iterdir()) == []


def test_directory_vanishes(tachyon, target, tmp_path, rescued):
    place = tmp_path / "place"
    place.mkdir()
    with Recording(tachyon, tmp_path, "attach", target.pid, output=place / "out.txt") as recording:
        recording.wait_sampling()
        place.rmdir()
        recording.process.send_signal(signal.SIGINT)
        assert recording.wait() == 1
    assert f"cannot write {place}/out.txt: No such file or directory" in recording.stderr.read_text()
    assert "Captured" in recording.stdout.read_text()
    rescued(recording.stderr.read_text(), Counts(recording.stderr.read_text()).samples)
    assert not place.exists()
    check_nothing_left()


def test_full_standard_output(tachyon, target, rescued):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [tachyon, "attach", "--mode", "cpu", "-d", "0.2", str(target.pid)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=20,
        )
    assert done.returncode == 1
    assert "cannot write standard output: No space left on device" in done.stderr
    assert rescued(done.stderr).suffix == ".pstats"


def test_closed_streams(tachyon, target, tmp_path):
    """Nothing that is opened takes their place."""
    output, raw = tmp_path / "out", tmp_path / "raw"
    command = f"exec '{tachyon}' attach --mode cpu -v -d 0.2 --collapsed -o '{output}' --raw '{raw}' {target.pid}"
    proc = subprocess.Popen(["sh", "-c", f"{command} <&- >&- 2>&-"])
    fds = pathlib.Path(f"/proc/{proc.pid}/fd")
    wait_until(raw.exists, what="its start")
    assert [os.readlink(fds / fd) for fd in "012"] == ["/dev/null"] * 3
    assert proc.wait(timeout=20) == 0
    assert sum(count for *_, count in collapsed(output)) > 0


def test_reader_goes_away(tachyon, target, tmp_path):
    """`... | head -1`: the profile in the file is not lost with the reader of our words."""
    with Recording(tachyon, tmp_path, "attach", "-d", 0.3, target.pid, stdout=subprocess.PIPE) as recording:
        recording.process.stdout.close()
        assert recording.profile().counts.status["SAMPLED"] > 0
