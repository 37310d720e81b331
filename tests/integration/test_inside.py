# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The profiler itself in a pid namespace or in a container: PID is a number of its own namespace; what it
may not do there it says in one line."""

import os
import re
import shutil
import subprocess

import pytest

from containers import OWN_PID, Bundle, innermost, launch, tids
from processes import wait_until
from profiled import Profile, Recording, attach, check_nothing_left
from tree import VERSIONS
from workload import WORK, check_work

NEWEST = VERSIONS[-1]

PROCS = {"its_proc": ("--mount-proc",), "proc_of_the_host": ()}

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


@pytest.mark.parametrize("proc", PROCS)
def test_target_beside(tachyon, lab, lab_script, tmp_path, proc):
    """/proc may be that of the namespace above, with other numbers."""
    target = f'chroot "{lab}" python{NEWEST} "{lab_script(WORK)}" 60'
    prefix = (*OWN_PID, *PROCS[proc])
    profile = attach_beside(tachyon, tmp_path, prefix, target, "echo $!")
    check_work(profile, 2)  # 1 is the shell, then the profiler
    profile = attach_beside(tachyon, tmp_path, prefix, target, "echo $!", "--tids", "host")
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


@pytest.mark.parametrize("proc", PROCS)
def test_run(tachyon, lab_exe, lab_script, tmp_path, proc):
    recording = Recording(
        tachyon,
        tmp_path,
        *("run", "--tids", "host", "--python", lab_exe(NEWEST), lab_script(WORK), 0.7),
        prefix=(*OWN_PID, *PROCS[proc]),
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
def container(tachyon, lab, lab_dir, tmp_path):
    """A container into which the profiler was put."""
    libraries = lab_dir / "lib"
    libraries.mkdir()
    ldd = subprocess.run(["ldd", tachyon], capture_output=True, text=True, check=True)
    for name, path in re.findall(r"(lib\w+)\.so\S* => (\S+)", ldd.stdout):
        if name in ("libbpf", "libelf", "libcap", "libz"):
            shutil.copy(path, libraries)
    shutil.copy(tachyon, lab_dir / "tachyon-bpf")
    (tmp_path / "tachyon-test-inside").mkdir()
    bundle = Bundle(tmp_path / "tachyon-test-inside", lab, lab_dir)
    yield bundle
    bundle.remove()


@pytest.fixture
def attach_inside(container, lab_dir, lab_script):
    """attach_inside(*options, **how) -> process of a container in which the profiler looks at work.py."""

    def run(*options, **how):
        ready, script, libraries = lab_dir / "ready", lab_script(WORK), lab_dir / "lib"
        options = " ".join(("--mode cpu -d 1.5 --collapsed -o", f"{lab_dir}/profile", *options))
        text = f"""
            python{NEWEST} "{script}" 60 >{ready} &
            echo $! >{lab_dir}/pid
            until grep -qs ready {ready}; do sleep 0.02; done
            LD_LIBRARY_PATH={libraries} exec {lab_dir}/tachyon-bpf attach {options} $!
        """
        return container.start("sh", "-c", text, **how)

    return run


def test_same_stacks_as_from_the_host(tachyon, container, attach_inside, lab_dir, tmp_path):
    """At the same time."""
    process = attach_inside("--verbose", capabilities=ENOUGH)
    wait_until(lambda: "ready\n" in text_of(lab_dir / "ready"), what="the target")
    inner = int(text_of(lab_dir / "pid"))
    outer = next(pid for pid in container.pids() if tids(pid) == {pid: inner})
    profile = attach(tachyon, tmp_path, outer, "-d", 1.5)
    check_work(profile, inner)
    assert process.wait(timeout=60) == 0, process.error_output()
    inside = Profile(lab_dir / "profile", process.output(), process.error_output())
    check_work(inside, inner)
    assert usual_stacks(profile) <= stacks(inside).keys()
    assert usual_stacks(inside) <= stacks(profile).keys()
    check_nothing_left()


def text_of(path):
    return path.read_text() if path.exists() else ""


def stacks(profile):
    return {tuple(frames): count for _, frames, count in profile.rows}


def usual_stacks(profile):
    """Those that are no matter of luck: to miss one of them in 200 samples is less likely than 1e-6."""
    found = stacks(profile)
    assert sum(found.values()) > 200
    usual = {frames for frames, count in found.items() if count > 0.1 * sum(found.values())}
    assert usual, found
    return usual


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
def test_refused_in_a_container(attach_inside, lab_dir, how, words):
    process = attach_inside(**{"capabilities": ENOUGH, **how})
    code = process.wait(timeout=60)
    check_refused(code, process.output(), process.error_output(), *words)
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


def test_refused_thread(tachyon):
    """Whose it is cannot be said where /proc has other numbers."""
    thread = "import threading as t, time; t.Thread(target=time.sleep, args=[9]).start()"
    text = f"/usr/bin/python3 -c '{thread}' >/dev/null 2>&1 & sleep 0.3; \"$0\" attach \"$@\" $(($! + 2))"
    refused(tachyon, (), text, " is a thread of process 2: give")
    refused(tachyon, (), f"umount -l /proc; {text}", " is a thread: give")


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
