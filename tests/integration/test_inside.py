# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The profiler itself in a pid namespace or in a container: PID is a number of its own namespace; what it
may not do there it says in one line."""

import os
import shutil
import subprocess

import pytest

from containers import OWN_PID, Bundle, innermost, launch
from profiled import Profile, Recording, check_nothing_left
from tree import VERSIONS
from workload import WORK, check_work

NEWEST = VERSIONS[-1]

# Wait for the file $1 to say that the target is ready, then profile the process whose number $2 prints.
WHEN_READY = 'until grep -qs ready "$1"; do sleep 0.02; done; pid=$(eval "$2"); shift 2; exec "$@" "$pid"'


def attach_beside(tachyon, tmp_path, prefix, target, find, *args):
    """Profile a target that is started in the same namespace: both commands of a shell."""
    ready = tmp_path / "ready"
    ready.unlink(missing_ok=True)
    text = f"{target} >{ready} & {WHEN_READY}"
    prefix = (*prefix, "sh", "-c", text, "sh", ready, find)
    with Recording(tachyon, tmp_path, "attach", "-d", 0.7, *args, prefix=prefix) as recording:
        return recording.profile()


@pytest.mark.parametrize("proc", ["--mount-proc", "--fork"], ids=["its_proc", "proc_of_the_host"])
def test_target_beside(tachyon, lab, lab_script, tmp_path, proc):
    """/proc may be that of the namespace above, with other numbers."""
    target = f'chroot "{lab}" python{NEWEST} "{lab_script(WORK)}" 60'
    profile = attach_beside(tachyon, tmp_path, (*OWN_PID, proc), target, "echo $!")
    check_work(profile, 2)  # 1 is the shell, then the profiler
    profile = attach_beside(tachyon, tmp_path, (*OWN_PID, proc), target, "echo $!", "--tids", "host")
    check_work(profile, 2)
    check_nothing_left()


@pytest.mark.parametrize("which", ["inner", "host"])
def test_target_below(tachyon, lab, lab_script, tmp_path, which):
    """In a namespace below: "host" is where the profiler is."""
    target = f'{" ".join(OWN_PID)} chroot "{lab}" python{NEWEST} "{lab_script(WORK)}" 60'
    numbers = tmp_path / "numbers"
    find = f"tee {numbers} </proc/$!/task/$!/children"
    prefix = (*OWN_PID, "--mount-proc")
    profile = attach_beside(tachyon, tmp_path, prefix, target, find, "--tids", which)
    check_work(profile, 1 if which == "inner" else int(numbers.read_text()))


def test_run(tachyon, lab_exe, lab_script, tmp_path, python_version):
    recording = Recording(
        tachyon,
        tmp_path,
        *("run", "--tids", "host", "--python", lab_exe(python_version), lab_script(WORK), 0.7),
        prefix=(*OWN_PID, "--mount-proc"),
    )
    with recording:
        profile = recording.profile()
    assert profile.counts.failed == {}
    assert profile.tids == {2}  # 1 is the profiler; what is further up has no meaning here
    assert profile.functions()["leaf"] > 0.8 * profile.counts.status["SAMPLED"]
    check_nothing_left()


# --- in a container of runc ----------------------------------------------------------------------

ENOUGH = ("BPF", "PERFMON", "SYS_PTRACE")


def without(call):
    """A seccomp filter."""
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [call], "action": "SCMP_ACT_ERRNO"}]}


@pytest.fixture
def in_container(tachyon, lab, lab_dir, lab_script, tmp_path):
    """in_container(*options, **how) -> (exit code, stdout, stderr) of the profiler at work.py in one container."""
    libraries = lab_dir / "lib"
    libraries.mkdir()
    for line in subprocess.run(["ldd", tachyon], capture_output=True, text=True, check=True).stdout.splitlines():
        name, _, path, *_ = [*line.split(), "", "", ""]
        if name.startswith(("libbpf.", "libelf.", "libcap.", "libz.")):
            shutil.copy(path, libraries)
    shutil.copy(tachyon, lab_dir / "tachyon-bpf")
    (tmp_path / "tachyon-test-inside").mkdir()
    bundle = Bundle(tmp_path / "tachyon-test-inside", lab, lab_dir)

    def run(*args, **how):
        ready = lab_dir / "ready"
        target = f'python{NEWEST} "{lab_script(WORK)}" 60 >{ready} & echo $! >{lab_dir}/pid;'
        ours = f"LD_LIBRARY_PATH={libraries} exec {lab_dir}/tachyon-bpf"
        options = " ".join(("--mode cpu -d 0.7 --collapsed -o", f"{lab_dir}/profile", *args))
        text = f"{target} until grep -qs ready {ready}; do sleep 0.02; done; {ours} attach {options} $!"
        process = bundle.start("sh", "-c", text, **how)
        code = process.wait(timeout=60)
        return code, process.output(), process.error_output()

    yield run
    bundle.remove()


def test_enough_capabilities(in_container, lab_dir):
    code, stdout, stderr = in_container("--verbose", capabilities=ENOUGH)
    assert code == 0, stderr
    profile = Profile(lab_dir / "profile", stdout, stderr)
    check_work(profile, int((lab_dir / "pid").read_text()))
    check_nothing_left()


def check_refused(code, stdout, stderr, *words):
    lines = stderr.splitlines()
    assert code == 1 and stdout == "" and len(lines) == 1, (code, stdout, stderr)
    assert lines[0].startswith("tachyon-bpf: error: ")
    assert all(word in lines[0] for word in words), lines


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"capabilities": ()}, ["missing CAP_BPF and CAP_PERFMON", "--cap-add=BPF --cap-add=PERFMON`"]),
        ({"capabilities": ENOUGH[1:]}, ["missing CAP_BPF;", "--cap-add=BPF`"]),
        ({"masked": ("/sys/kernel/btf",)}, ["/sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF"]),
        ({"seccomp": without("bpf")}, ["load BPF programs in spite of CAP_BPF", "seccomp"]),
        ({"seccomp": without("perf_event_open")}, ["start a timer on CPU 0 in spite of CAP_PERFMON", "seccomp"]),
    ],
    ids=["no_capability", "no_cap_bpf", "no_btf", "no_bpf", "no_perf"],
)
def test_refused_in_a_container(in_container, lab_dir, how, words):
    check_refused(*in_container(**{"capabilities": ENOUGH, **how}), *words)
    assert not (lab_dir / "profile").exists()


def refused(tachyon, prefix, script, *words):
    command = [*prefix, *OWN_PID, "--mount-proc", "sh", "-c", script, tachyon, "--mode", "cpu"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30)
    check_refused(done.returncode, done.stdout, done.stderr, *words)


def test_refused_in_a_user_namespace(tachyon, lab, lab_script):
    """Root there has every capability, but not on the machine."""
    start = f'chroot "{lab}" python{NEWEST} "{lab_script(WORK)}" 60 >/dev/null & sleep 0.3'
    words = ("load BPF programs in spite of CAP_BPF and CAP_PERFMON", "user namespace")
    refused(tachyon, ("unshare", "--user", "--map-root-user"), f'{start}; "$0" attach "$@" $!; exit $?', *words)


def test_refused_without_proc(tachyon):
    words = ("process 1 in /proc", "not mounted, or that of another pid namespace")
    refused(tachyon, (), 'mount -t tmpfs tmpfs /proc; "$0" attach "$@" $$', *words)


def test_refused_with_a_proc_of_others(tachyon, tmp_path):
    """In their mount namespace, but not in their pid namespace."""
    others = launch([*OWN_PID, "--mount-proc", "sh", "-c", "echo ready; sleep 60"], tmp_path)
    try:
        others.wait_line()
        enter = ("nsenter", "--mount", "--target", innermost(others.pid))
        command = [*enter, tachyon, "attach", "--mode", "cpu", os.getpid()]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=30)
    finally:
        others.end()
    check_refused(done.returncode, done.stdout, done.stderr, "another pid namespace")
