# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is a CPU profile true? Programs that know their own stacks and shares are the judges."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from callgraph import DEPTH, ChainGraph, check_stacks, generated_frames
from results import Counts, collapsed, total_variation
from tree import TARGETS


def attach(tachyon, pid, out, *args, timeout=60):
    done = subprocess.run(
        [tachyon, "attach", str(pid), "--mode", "cpu", "--verbose", "--collapsed", "-o", str(out), *args],
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def chain_graph(lab_run, python_version):
    return ChainGraph(lab_run(python_version, TARGETS / "chains.py", "--source").stdout)


def test_known_call_graph(tachyon, lab_python, chain_graph, python_version, tmp_path):
    """10 s at 10 kHz: 0 impossible stacks, 0 failed samples, at least 99 % of rate x CPU time."""
    target = lab_python(python_version, TARGETS / "chains.py", 60)
    target.wait_line()
    out = tmp_path / "chains.txt"
    cpu_before, stolen_before = cpu_seconds(target.pid), stolen_seconds()
    done = attach(tachyon, target.pid, out, "-r", "10khz", "-d", "10")
    cpu_outside = cpu_seconds(target.pid) - cpu_before
    stolen = stolen_seconds() - stolen_before
    counts = Counts(done.stderr)
    rows = collapsed(out)

    assert counts.failed == {}
    inside = check_stacks(chain_graph, rows)
    assert inside > 0.98 * counts.status["SAMPLED"]
    # No code object came or went, so none had to be compared again.
    assert counts.counter["REVALIDATED"] == counts.counter["STALE"] == 0
    assert sum(count for *_, count in rows) == counts.status["SAMPLED"]
    # The profiler's own reading of the target's clock, against one from outside its window.
    assert 0.9 * cpu_outside < counts.cpu_s <= cpu_outside
    assert counts.status["SAMPLED"] >= 0.99 * 10_000 * (counts.cpu_s - stolen)
    # All depths of all chains were met, so the check above was not empty.
    functions = {function for _, frames, _ in rows for function, _ in generated_frames(frames)}
    assert {f"chain_{c}_{DEPTH - 1}" for c in range(8)} <= functions
    assert {f"gen_{c}" for c in (1, 3, 5, 7)} <= functions


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # CPU clock of a process: CPUCLOCK_SCHED


def stolen_seconds():
    """Time that the hypervisor ran something else: a process's clock goes on, no timer ticks."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def test_known_shares(tachyon, lab_dir, lab_script, lab_exe, python_version, tmp_path):
    """20 s at 1 kHz: total variation distance to the program's own CPU clock at most 1 %."""
    script = lab_script(TARGETS / "shares.py")
    out, truth_path = tmp_path / "shares.txt", lab_dir / "truth.json"
    done = subprocess.run(
        [tachyon, "run", "--mode", "cpu", "--verbose", "--collapsed", "-o", str(out)]
        + ["--python", lab_exe(python_version), str(script), "20", str(truth_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    truth = json.loads(truth_path.read_text())
    ours = collections.Counter()
    for _, frames, count in collapsed(out):
        for _, function, _ in frames:
            if function in truth:
                ours[function] += count
                break
    assert Counts(done.stderr).failed == {}
    assert sum(ours.values()) >= 0.98 * 1000 * sum(truth.values())
    assert total_variation(ours, truth) <= 0.01, (ours, truth)


@pytest.mark.parametrize("stalled", [False, True], ids=["reader runs", "reader stalls"])
def test_small_ring(tachyon, lab_python, chain_graph, python_version, tmp_path, stalled):
    """A ring of 64 KiB at 10 kHz: every sample is delivered or counted as lost, none is wrong."""
    target = lab_python(python_version, TARGETS / "chains.py", 60)
    target.wait_line()
    out = tmp_path / "ring.txt"
    command = [tachyon, "attach", str(target.pid), "--mode", "cpu", "--verbose", "-r", "10khz", "-d", "4"]
    with subprocess.Popen(
        [*command, "--ring-size", "64k", "--collapsed", "-o", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as profiler:
        if stalled:
            time.sleep(1.5)
            os.kill(profiler.pid, signal.SIGSTOP)
            time.sleep(1)
            os.kill(profiler.pid, signal.SIGCONT)
        stderr = profiler.communicate(timeout=60)[1]
    assert profiler.returncode == 0, stderr
    counts = Counts(stderr)
    rows = collapsed(out)
    assert set(counts.failed) <= {"RING_FULL"}
    if stalled:
        assert counts.status["RING_FULL"] > 1000
        assert "samples lost: ring buffer full" in stderr
    assert sum(count for *_, count in rows) == counts.status["SAMPLED"]
    assert not [frames for _, frames, _ in rows if any(file == "~" for file, *_ in frames)]
    check_stacks(chain_graph, rows)
