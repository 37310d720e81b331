# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What profiling takes from the programs: work done with a profiler, against work done without."""

import math
import time
from contextlib import ExitStack
from functools import partial

from figures import Table, spread
from kernel import BareTimers, cpu_seconds, tree_cpu_seconds
from lab import CPUS, Profiler

VERSION = "3.15"


def look(targets, profiler):
    """Now: the work that was done, the CPU time it took, the profiler's CPU time, the time."""
    return (
        [target.progress() for target in targets],
        [cpu_seconds(target.pid) for target in targets],
        tree_cpu_seconds(profiler.pid) if profiler else 0,
        time.monotonic(),
    )


def speeds(targets, window, command=None):
    """Work per CPU second of each of the targets, which run already, while `command` profiles; and the
    CPUs that its process takes. The targets' own CPU seconds, because others use the machine as well; an
    interrupt is part of them."""
    profiler = Profiler(command) if command else None
    if profiler and profiler.is_ours:
        profiler.wait_ready()
    elif profiler:
        time.sleep(1.5)  # a Python starts, in the lab
    work, cpu, own, clock = look(targets, profiler)
    time.sleep(window)
    work_end, cpu_end, own_end, clock_end = look(targets, profiler)
    if profiler:
        profiler.finish()
    speed = [(b - a) / (d - c) for a, b, c, d in zip(work, work_end, cpu, cpu_end)]
    return speed, (own_end - own) / (clock_end - clock)


def speeds_with_timers(targets, window, rate):
    with BareTimers(rate):
        return speeds(targets, window)


def variants(lab, targets, pid, window):
    """{(who, rate): a function that measures}"""
    found = {("nothing", ""): lambda: speeds(targets, window)}
    for rate in (1, 10):
        found["bare timers", f"{rate} kHz"] = partial(speeds_with_timers, targets, window, rate * 1000)
        command = lab.ours(pid, f"{rate}khz", window + 0.3)
        found["tachyon-bpf", f"{rate} kHz"] = partial(speeds, targets, window, command)
        command = lab.reference(pid, f"{rate}khz", math.ceil(window + 1.5))
        found["reference", f"{rate} kHz"] = partial(speeds, targets, window, command)
    return found


def against_nothing(targets, measures, turns):
    """Measure in turn, each between two measurements without anything: {key: [(speed, speed without, CPUs
    of the profiler)]}, for each of the targets."""
    found = {key: [] for key in measures}
    without = measures["nothing", ""]
    for turn in range(turns):
        with ExitStack() as running:
            for target in targets:
                running.enter_context(target)
            before, _ = without()
            for key, measure in measures.items():
                speed, own = measure()
                after, _ = without()
                found[key].append((speed, [(a + b) / 2 for a, b in zip(before, after)], own))
                before = after
    return found


def lost_work(lab, plan):
    """Two busy programs on two CPUs, one of them profiled."""
    table = Table(
        "Work lost: two busy programs on two CPUs, one is profiled (%)",
        [
            ("who", "profiler"),
            ("rate", "rate"),
            ("profiled", "slower: the profiled program"),
            ("other", "slower: the other"),
            ("own", "the profiler's process, of the machine"),
            ("machine", "lost of the machine"),
        ],
        note="Work per CPU second of the programs, against that without a profiler just before and after, and "
        'what the profiler takes from both. "nothing": how much two measurements without a profiler differ.',
    )
    pair = [lab.target(VERSION, "deep.py", 33, "loop", cpu=cpu) for cpu in (CPUS[0], CPUS[-1])]
    found = against_nothing(pair, variants(lab, pair, pair[1].pid, plan.window), plan.victim_turns)
    for (who, rate), rows in found.items():
        lost = [[100 * (1 - a / b) for a, b in zip(speed, base)] for speed, base, _ in rows]
        own = [100 * own / len(CPUS) for _, _, own in rows]
        table.add(
            who=who,
            rate=rate,
            profiled=spread(profiled for _, profiled in lost),
            other=spread(other for other, _ in lost),
            own=spread(own),
            machine=spread(sum(each) / 2 + cpu for each, cpu in zip(lost, own)),
        )
    return table
