# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What it costs to stop a program for each sample (--blocking), beside the reference, which does the same."""

import re
import time

from figures import Table, spread
from kernel import tree_cpu_seconds
from lab import CPUS, Profiler

VERSION = "3.15"
FRAMES = 33
THREADS = (1, 2, 11)
CAPTURED = re.compile(r"^Captured ([\d,]+) samples? in ([\d.]+) seconds", re.M)
STOPPED = re.compile(r"^Stopped: (\d+) times", re.M)


def commands(lab, pid, rate, seconds):
    options = ("--blocking", "-a")
    ours = lab.ours(pid, rate, seconds, *options, mode="wall")
    return {"tachyon-bpf": ours, "reference": lab.reference(pid, rate, seconds, *options)}


def ceiling(command):
    """Stops per second, one after the other."""
    run = Profiler(command).finish()
    captured, seconds = CAPTURED.search(run.stdout).groups()
    stopped = STOPPED.search(run.stdout)
    return int(stopped[1] if stopped else captured.replace(",", "")) / float(seconds)


def speed(target, window, command=None):
    """Work of the program per second of the wall clock; CPUs that the profiler takes. Unlike an interrupt, a stop is no
    CPU time of the program."""
    profiler = Profiler(command) if command else None
    if profiler:
        time.sleep(1.0)  # a Python starts, in the lab
    begin, work = time.monotonic(), target.progress()
    own = tree_cpu_seconds(profiler.pid) if profiler else 0
    time.sleep(window)
    done, end = target.progress() - work, time.monotonic()
    own = (tree_cpu_seconds(profiler.pid) if profiler else 0) - own
    if profiler:
        profiler.finish()
    return done / (end - begin), own / (end - begin)


def measure(lab, target, plan):
    """{who: [(stops per second, slower at 1 kHz, CPUs of the profiler at 1 kHz)]}"""
    found = {}
    with target:
        for turn in range(plan.victim_turns):
            fastest = commands(lab, target.pid, "100khz", plan.reference_seconds)
            steady = commands(lab, target.pid, "1khz", int(plan.window + 2))
            for who in fastest:
                without, _ = speed(target, plan.window)
                work, own = speed(target, plan.window, steady[who])
                after, _ = speed(target, plan.window)
                slower = 1 - 2 * work / (without + after)
                found.setdefault(who, []).append((ceiling(fastest[who]), slower, own))
    return found


def stops(lab, plan):
    """Ceilings, and the slow-down of a busy program, with threads beside it that sleep."""
    table = Table(
        f"A stop for each sample (--blocking -a), {FRAMES} frames, Python {VERSION}",
        [
            ("threads", "threads, one of them busy"),
            ("who", "profiler"),
            ("ceiling", "stops a second at most"),
            ("slower", "slower at 1 kHz (%)"),
            ("own", "the profiler's process at 1 kHz (% of a CPU)"),
        ],
        note="Stops at most: at a rate of 100 kHz, which neither reaches. Slower: work per second of the wall clock, "
        "against that without a profiler just before and after. The ratios are of medians.",
    )
    for threads in THREADS:
        target = lab.target(VERSION, "deep.py", FRAMES, "loop", threads - 1, cpu=CPUS[-1])
        medians = {}
        for who, rows in measure(lab, target, plan).items():
            figures = [spread(ceiling for ceiling, _, _ in rows)]
            figures += [spread(100 * row[column] for row in rows) for column in (1, 2)]
            table.add(threads=threads, who=who, **dict(zip(("ceiling", "slower", "own"), figures)))
            medians[who] = [figure["median"] for figure in figures]
        ratios = [ours / theirs for ours, theirs in zip(*medians.values())]
        table.add(threads=threads, who="ours / reference", **dict(zip(("ceiling", "slower", "own"), ratios)))
        target.end()
        lab.targets.remove(target)
    return table
