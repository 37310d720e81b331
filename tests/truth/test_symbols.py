# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each name, file and line that of the function that ran?"""

import json
import re
import resource

import pytest

from kernel import BpfStatistics, cpu_seconds
from profiled import Recording, check_share
from rawfile import RawFile
from tree import TARGETS

CHURN = TARGETS / "churn.py"
CHURN_FILE = re.compile(r"<churn (\d+)>")
RATE = 5000


def number_of(inside):
    """The number in the name of the outer function, and of the inner one in it; every part agrees. inside:
    (file, function, line), root first."""
    (file, outer, line), *rest = inside
    number = int(CHURN_FILE.fullmatch(file)[1])
    name = re.fullmatch(r"outer_(\d+)_(\d+)", outer)
    call_line = int(name[2])
    assert int(name[1]) == number, inside
    # Without the other one it can be at its first line, too.
    assert line == call_line or not rest and line == call_line - 1, inside
    if rest:
        ((inner_file, inner, line),) = rest
        name = re.fullmatch(r"inner_(\d+)_(\d+)_(\d+)", inner)
        assert (inner_file, int(name[1])) == (file, number), inside
        assert int(name[2]) <= line <= int(name[3]) == call_line - 2, inside
    return number


def churned(raw):
    """(time in ns, frames root first) of each sample in a churned function."""
    stacks = {}
    for stack, frames in raw.frames.items():
        frames = [(frame.filename, frame.qualname, frame.position[0]) for frame in reversed(frames)]
        inside = [frame for frame in frames if CHURN_FILE.fullmatch(frame[0])]
        if inside and inside[0][1] != "<module>":
            stacks[stack] = inside
    return [(sample.ts_ns, stacks[sample.stack]) for sample in raw.samples if sample.stack in stacks]


def test_functions_that_come_and_go(start, attach, figure, seconds, tmp_path):
    """What is sampled at an address that has had many owners has the name, the file and the line of its
    owner at that time; also at the very end, when the process is gone before its last records are read."""
    target = start(CHURN, seconds(2, 10))
    profile = attach(target.pid, "-r", RATE, "--raw", tmp_path / "raw")
    assert target.wait(timeout=10) == 0, target.error_output()
    calls, addresses, took_s = json.loads(target.output().splitlines()[-1])
    assert addresses < 1.5 * len(calls), "of two each, too many had an address for themselves"

    cnt = wrong = 0
    for ts_ns, inside in churned(RawFile(tmp_path / "raw")):
        # A name that was there before would be a good name, at a wrong time.
        begin, end = calls[number_of(inside)]
        wrong += not begin <= ts_ns <= end
        cnt += 1
    figure("functions a second", round(2 * len(calls) / took_s))
    figure("samples", cnt)
    figure("wrong", wrong)
    figure("failed", sum(profile.counts.failed.values()))
    assert wrong == 0
    assert cnt > 0.3 * profile.counts.status["SAMPLED"]
    assert profile.counts.failed == {}
    check_share(profile, RATE)


@pytest.fixture
def cpu_us(tachyon, tmp_path):
    """cpu_us(pid, duration): CPU time per sample of the profiler in user space, its start left out, and
    of its programs in the kernel."""

    def run(pid, duration):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with BpfStatistics(), Recording(tachyon, tmp_path, "attach", "-r", RATE, "-d", duration, pid) as recording:
            recording.wait_sampling()
            start_s = cpu_seconds(recording.process.pid)
            profile = recording.profile()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        user_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - start_s
        bpf_ns = int(re.search(r"bpf run_ns (\d+)", profile.stderr)[1])
        samples = profile.counts.status["SAMPLED"]
        return user_s / samples * 1e6, bpf_ns / samples / 1e3

    return run


@pytest.mark.flavours("gil", "free-threaded")
def test_cost_of_new_functions(start, cpu_us, figure, seconds):
    """Beside the same program that makes its functions once. The bound is in docs/design.md."""
    for what, kept in (("new", 0), ("known", 100)):
        duration = seconds(1, 10)
        target = start(CHURN, duration + 20, kept)
        user_us, bpf_us = cpu_us(target.pid, duration)
        target.end()
        figure(f"{what}: profiler (us a sample)", round(user_us, 1))
        figure(f"{what}: BPF (us a sample)", round(bpf_us, 1))
