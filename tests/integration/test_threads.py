# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Which thread is it, and is it Python at all? The target knows."""

import json
import pathlib
import re
import subprocess

import pytest

from processes import wait_until
from profiled import Recording, attach, check_share
from shares import expect
from tree import TARGETS

BARE = re.compile(r"^CPU in threads without Python: ([\d.]+) s(?: \((.*)\))?$", re.M)
BARE_THREAD = re.compile(r"(.+?) (\d+): ([\d.]+) s(?:, |$)")


@pytest.fixture(scope="session")
def library(lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("burn") / "burn.so"
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-D_GNU_SOURCE", "-pthread", "-o", path, TARGETS / "burn.c"],
        check=True,
        timeout=60,
    )
    return path


@pytest.fixture
def profile_of(tachyon, lab_python, lab_dir, tmp_path, python_version):
    """profile_of(kind, *args, options=()) -> profile of a run of threads.py, and what it said."""

    def run(kind, *args, options=("-a",)):
        go = lab_dir / "go"
        target = lab_python(python_version, TARGETS / "threads.py", go, kind, *args)
        target.wait_line()
        with Recording(tachyon, tmp_path, "attach", *options, target.pid) as recording:
            recording.wait_sampling()
            go.touch()
            profile = recording.profile()
        assert target.wait(timeout=10) == 0, target.error_output()
        assert profile.counts.failed == {}
        return profile, json.loads(target.output().splitlines()[-1])

    return run


def bare_threads(profile):
    """The closing line: seconds in all, {name: (tid, seconds)}."""
    found = BARE.search(profile.stdout)
    if not found:
        return 0, {}
    threads = {name: (int(tid), float(cpu_s)) for name, tid, cpu_s in BARE_THREAD.findall(found[2] or "")}
    return float(found[1]), threads


def test_main_thread_only(profile_of):
    profile, said = profile_of("python", options=())
    assert profile.tids == {said["main"]}
    functions = profile.functions()
    expect(functions["python.<locals>.main"] >= 0.9 * 250, functions)
    assert not {"python.<locals>.first", "python.<locals>.second"} & set(functions)
    expect(profile.counts.status["OTHER_THREAD"] >= 0.9 * 500, profile.counts.status)


def test_all_threads(profile_of):
    profile, said = profile_of("python")
    assert profile.tids == set(said.values())
    for name, tid in said.items():
        functions = profile.functions(tid)
        expect(functions[f"python.<locals>.{name}"] >= 0.9 * 250, functions)
        others = {f"python.<locals>.{other}" for other in said if other != name}
        assert not others & set(functions)
    check_share(profile)


def test_threads_without_python(profile_of, lab_dir, library):
    shared = lab_dir / library.name
    shared.write_bytes(library.read_bytes())
    profile, said = profile_of("bare", shared)
    total, threads = bare_threads(profile)
    expect(total == pytest.approx(0.8, rel=0.1), total)
    assert list(threads)[:2] == ["blas: 1", "io"]  # the busiest first
    for name, truth in said.items():
        tid, cpu_s = threads[name]
        assert tid == truth["tid"]
        expect(cpu_s == pytest.approx(truth["burnt_s"], rel=0.1, abs=0.03), cpu_s)
    assert not profile.tids & {truth["tid"] for truth in said.values()}
    check_share(profile)


def test_threads_without_python_beside_main(profile_of, lab_dir, library):
    """Who profiles the main thread only wants to know of them all the same."""
    shared = lab_dir / library.name
    shared.write_bytes(library.read_bytes())
    profile, said = profile_of("bare", shared, options=())
    total, threads = bare_threads(profile)
    expect(total == pytest.approx(0.8, rel=0.1), total)
    assert {name: tid for name, (tid, _) in threads.items()} == {name: said[name]["tid"] for name in threads}
    assert list(threads)[:2] == ["blas: 1", "io"]
    assert not profile.tids & {truth["tid"] for truth in said.values()}


def test_no_threads_without_python(profile_of):
    """Their starts and ends are not worth a line."""
    assert bare_threads(profile_of("python")[0]) == (0, {})


def test_thread_that_calls_python(profile_of, lab_dir, library):
    shared = lab_dir / library.name
    shared.write_bytes(library.read_bytes())
    profile, said = profile_of("caller", shared)
    assert said["calls"] == 20
    functions = profile.functions(said["tid"])
    expect(functions["caller.<locals>.called"] == pytest.approx(1000 * said["called_s"], rel=0.1), functions)
    expect(functions["spin"] == pytest.approx(1000 * said["called_s"], rel=0.1), functions["spin"])
    tid, cpu_s = bare_threads(profile)[1]["caller"]
    assert tid == said["tid"]
    expect(cpu_s == pytest.approx(said["burnt_s"], rel=0.1), cpu_s)


@pytest.mark.parametrize("config", ["isolated", "legacy"])
def test_interpreters_in_turns(profile_of, config):
    profile, _ = profile_of("interpreters", config, options=())
    outside = inside = 0
    for _, frames, count in profile.rows:
        functions = [function for _, function, _ in frames]
        if "inside" in functions:
            assert functions == ["<module>", "inside"]
            inside += count
        elif "interpreters.<locals>.outside" in functions:
            assert functions[:2] == ["<module>", "interpreters"]
            assert functions[3:] in ([], ["spin"])
            outside += count
    expect(inside == pytest.approx(8 * 60, rel=0.1), inside)
    expect(outside == pytest.approx(8 * 60, rel=0.1), outside)
    check_share(profile)


def test_interpreters_in_parallel(profile_of):
    profile, said = profile_of("parallel")
    outside = profile.functions(said["main"])["parallel.<locals>.outside"]
    expect(outside == pytest.approx(300, rel=0.1), outside)
    inside = profile.functions(said["other"])["inside"]
    expect(inside == pytest.approx(300, rel=0.1), inside)
    assert "inside" not in profile.functions(said["main"])


def test_child(profile_of):
    """It is a process of its own, not a thread."""
    profile, _ = profile_of("fork")
    functions = profile.functions()
    expect(functions["fork.<locals>.in_parent"] == pytest.approx(300, rel=0.1), functions)
    assert "fork.<locals>.in_child" not in functions
    assert len(profile.tids) == 1


ORPHANS = """
import ctypes, threading

def orphan():
    while True:
        pass

threading.Thread(target=orphan).start()
print(threading.enumerate()[-1].native_id, flush=True)
print("ready", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_main_thread_has_exited(tachyon, tachyon_run, lab_python, tmp_path, python_version):
    """The process shows nothing of itself any more, but goes on in its other threads."""
    target = lab_python(python_version, ORPHANS)
    target.wait_line()
    stat = pathlib.Path(f"/proc/{target.pid}/stat")
    wait_until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "Z", what="its main thread's end")
    profile = attach(tachyon, tmp_path, target.pid, "-a", "-d", 0.4)
    assert profile.counts.failed == {}
    assert profile.tids == {int(target.output().split()[0])}
    assert profile.functions()["orphan"] == profile.counts.status["SAMPLED"]
    check_share(profile)

    done = tachyon_run("attach", "--mode", "cpu", target.pid)
    assert done.returncode == 1 and done.stdout == ""
    text = f"tachyon-bpf: error: the main thread of process {target.pid} has exited: use --all-threads"
    assert done.stderr.startswith(text) and done.stderr.count("\n") == 1
