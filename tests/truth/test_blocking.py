# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""With --blocking: are all threads of a sample from one instant, and does it show what the program does?"""

import collections
import math
import re

import pytest

from rawfile import RawFile
from shares import SIGMAS, expect, seen_whole, total_variation
from tree import TARGETS

pytestmark = pytest.mark.flavours("gil", "free-threaded")

PHASES = 6  # tests/targets/handshake.py
PHASE = re.compile(r"([ab])_(\d)")
RUNS = 20  # each adds to the samples, until they are enough
ON_CPU = 1  # bpf/tach_wire.h


def phase_of(raw, sample):
    """("a" or "b", number), None outside of the functions."""
    for frame in raw.frames[sample.stack]:
        match = PHASE.fullmatch(frame.qualname)
        if match:
            return match[1], int(match[2])
    return None


def is_possible(pair):
    return (pair["a"] - pair["b"]) % PHASES in (0, 1)


def pairs_of_instants(raw):
    """[{"a": phase, "b": phase}] of the instants at which both threads were in their functions."""
    instants = collections.defaultdict(list)
    for sample in raw.samples:
        instants[sample.ts_ns].append(phase_of(raw, sample))
    return [dict(phases) for phases in instants.values() if len(phases) == 2 and None not in phases]


def pairs_of_neighbours(raw):
    """The same of samples that are next to each other in time, of one thread and the other."""
    phases = [phase for phase in (phase_of(raw, sample) for sample in raw.samples) if phase]
    return [dict(pair) for pair in zip(phases, phases[1:]) if pair[0][0] != pair[1][0]]


def test_hand_shake(start, attach, lab_dir, figure, seconds):
    wanted, raw_path = seconds(400, 2500), lab_dir / "raw"
    target = start(TARGETS / "handshake.py", 300)
    pairs, runs = [], 0
    while len(pairs) < wanted and runs < RUNS:
        options = ["--mode", "wall", "-a", "-r", 2000, "-d", seconds(0.5, 1.5), "--raw", raw_path]
        profile = attach(target.pid, "--blocking", *options)
        assert set(profile.counts.failed) <= {"NO_ROOT"}
        pairs += pairs_of_instants(RawFile(raw_path))
        runs += 1
    inconsistent = [pair for pair in pairs if not is_possible(pair)]
    figure("pairs", len(pairs))
    figure("inconsistent", len(inconsistent))
    assert len(pairs) >= wanted
    assert not inconsistent, inconsistent[:5]
    # All phases were met, in both ways.
    assert len({tuple(pair.items()) for pair in pairs}) == 2 * PHASES

    # The judge finds what is not of one instant: neighbouring samples of a run without the option.
    attach(target.pid, *options)
    apart = pairs_of_neighbours(RawFile(raw_path))
    share = sum(not is_possible(pair) for pair in apart) / len(apart)
    figure("inconsistent without", share)
    assert share > 0.05


GENERATOR = """
import sys, time

def generate(n):
    for i in range(n):
        yield i * i

def consume(n):
    total = 0
    for value in generate(n):  # the only line that runs it
        total += value
        total ^= value * 3
        total %= 1000003
        total -= value // 7
    return total

def main(end):
    while time.monotonic() < end:
        consume(1000)

print("ready", flush=True)
main(time.monotonic() + float(sys.argv[1]))
"""
CALL_LINE = 1 + GENERATOR.split("\n").index("    for value in generate(n):  # the only line that runs it")


def check_generator(rows):
    """Samples with the generator, and stacks that the program cannot have."""
    inside, impossible = 0, []
    for _, frames, count in rows:
        names = [function for _, function, _ in frames]
        if "generate" not in names:
            continue
        inside += count
        caller = frames[names.index("generate") - 1]
        if names[-1] != "generate" or caller[1:] != ("consume", CALL_LINE):
            impossible.append(frames)
    return inside, impossible


def test_generator(start, attach, figure, seconds):
    """It stands never under the lines that only work with what it has yielded, and nothing stands on it."""
    target = start(GENERATOR, 300, name="generator.py")
    profile = attach(target.pid, "--blocking", "--mode", "wall", "-r", 2000, "-d", seconds(1, 2.5))
    inside, impossible = check_generator(profile.rows)
    figure("samples", profile.counts.samples)
    figure("impossible", len(impossible))
    assert set(profile.counts.failed) <= {"NO_ROOT"}
    assert not impossible, impossible[:5]
    assert inside > 0
    assert "consume" in profile.functions()


TURNS = """
import json, random, sys, time

def work(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

def rest(seconds):
    time.sleep(seconds)

def main(seconds, truth_path):
    rng, turns = random.Random(3), []
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        turn = rng.choice((work, rest))
        start, before = time.monotonic_ns(), time.thread_time_ns()
        turn(rng.uniform(0.002, 0.02))
        cpu_ns = time.thread_time_ns() - before
        turns.append((turn.__name__, start, time.monotonic_ns(), cpu_ns))
    with open(truth_path, "w") as file:
        json.dump(turns, file)

main(float(sys.argv[1]), sys.argv[2])
"""


def run_turns(start, attach, lab_dir, duration, mode):
    """(its Turns, those between the first and the last sample; RawFile)"""
    truth_path, raw_path = lab_dir / "truth.json", lab_dir / "raw"
    target = start(TURNS, duration, truth_path, name="turns.py")
    profile = attach(target.pid, "--blocking", "--mode", mode, "-d", duration + 5, "--raw", raw_path)
    assert set(profile.counts.failed) <= {"NO_ROOT"}
    raw = RawFile(raw_path)
    return seen_whole(truth_path, raw), raw


@pytest.mark.thorough
def test_shares(start, attach, lab_dir, figure, seconds):
    """Work and rest have their shares of the time. On a busy machine a stop takes long, and the periods that it takes
    are missed: all of them may be of one function."""
    turns, raw = run_turns(start, attach, lab_dir, seconds(2, 20), "wall")
    truth = collections.Counter()
    for function, begin, end, _ in turns.turns:
        truth[function] += (end - begin) / 1e6  # at 1 kHz
    ours = turns.samples(raw)
    samples, wanted = sum(ours.values()), sum(truth.values())
    distance, bound = total_variation(ours, truth), turns.bound(samples, abs(wanted - samples), variance=0.5)
    figure("samples", samples)
    figure("samples / due", samples / wanted)
    figure("total variation", distance)
    figure("bound", bound)
    expect(distance <= bound, ours, truth)


@pytest.mark.thorough
def test_cpu_shares(start, attach, lab_dir, figure, seconds):
    """A rest has no more than its share of the CPU time, much of which it needs to stop and to go on: no samples are
    taken then."""
    turns, raw = run_turns(start, attach, lab_dir, seconds(2, 20), "cpu")
    ours = turns.samples(raw)
    samples = sum(ours.values())
    share, cpu_share = ours["rest"] / samples, turns.cpu_s["rest"] / sum(turns.cpu_s.values())
    bound = cpu_share + SIGMAS * math.sqrt(cpu_share / samples)
    figure("samples on the CPU", samples)
    figure("share of rests", share)
    figure("share of rests, bound", bound)
    assert all(sample.state & ON_CPU for sample in raw.samples)
    expect(share <= bound, ours, turns.cpu_s)
