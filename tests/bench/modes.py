# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the modes cost that count time off the CPU: threads that sleep, and threads that switch all the time."""

from functools import partial

from figures import Table, spread
from kernel import BareTimers, EmptyProgram
from lab import CPUS, Profiler
from victims import against_nothing, speeds, speeds_with_timers

VERSION = "3.15"
RATE = 1000
SLEEPERS = 1000
# So rarely that no sample is ever due: the switches are counted all the same.
STAMPING = ("wall, but no samples", "0.001 Hz")


def bare_timer_share(seconds, rate):
    """Of a CPU: run time of a program that does nothing, at each tick of the timers."""
    with EmptyProgram() as program, BareTimers(rate, program):
        return 100 * program.run_ns_in(seconds) / 1e9 / seconds


def run_sleepers(lab, target, plan):
    """In turn: {what: the runs}, and the shares of bare timers."""
    runs = {"ours": [], "short": [], "reference": []}
    timers = []
    for turn in range(plan.sleep_turns):
        with target:
            for what, seconds in (("ours", plan.sleep_seconds), ("short", 0.1)):
                runs[what].append(Profiler(lab.ours(target.pid, RATE, seconds, "-a", mode="wall")).finish())
            timers.append(bare_timer_share(1, RATE))
            command = lab.reference(target.pid, f"{RATE}hz", plan.reference_seconds, "-a")
            runs["reference"].append(Profiler(command).finish())
    return runs, timers


def sleepers(lab, plan):
    """A thousand threads that are asleep all the time."""
    seconds = plan.sleep_seconds
    table = Table(
        f"{SLEEPERS:,} threads asleep, 20 calls deep: mode wall, all threads, 1 kHz, {seconds} s, Python {VERSION}",
        [
            ("who", "profiler"),
            ("share", "captured of what was due (%)"),
            ("own", "its process, start to exit (% of a CPU)"),
            ("start", "of it start and end"),
            ("bpf", "BPF (% of a CPU)"),
            ("sum", "together (% of a CPU)"),
        ],
        limit="99 % of what was due; together 2 % of a CPU besides a bare timer",
        note="The bare timer has a program that does nothing. Interrupts by themselves are in no line. The "
        f"reference runs for {plan.reference_seconds} s.",
    )
    runs, timers = run_sleepers(lab, lab.target(VERSION, "sleepers.py", SLEEPERS), plan)
    due = (SLEEPERS + 1) * RATE * seconds
    ours, theirs = runs["ours"], runs["reference"]
    table.add(
        who="tachyon-bpf",
        share=spread(100 * run.counts.samples / due for run in ours),
        own=spread(100 * run.cpu_s / seconds for run in ours),
        start=spread(100 * run.cpu_s / seconds for run in runs["short"]),
        bpf=spread(100 * run.bpf.run_ns / 1e9 / seconds for run in ours),
        sum=spread(100 * (run.cpu_s + run.bpf.run_ns / 1e9) / seconds for run in ours),
    )
    table.add(who="bare timer", bpf=spread(timers), sum=spread(timers))
    table.add(
        who="reference",
        share=spread(100 * run.samples / (RATE * plan.reference_seconds) for run in theirs),
        own=spread(100 * run.cpu_s / run.wall_s for run in theirs),
        sum=spread(100 * run.cpu_s / run.wall_s for run in theirs),
    )
    return table


def switch_measures(lab, target, window):
    """{(what, rate): a function that measures}"""

    def profiled(mode, rate):
        return partial(speeds, [target], window, lab.ours(target.pid, rate, window + 0.3, "-a", mode=mode))

    measures = {
        ("nothing", ""): partial(speeds, [target], window),
        ("bare timers", "1 kHz"): partial(speeds_with_timers, [target], window, RATE),
        STAMPING: profiled("wall", "0.001hz"),
    }
    return measures | {(mode, "1 kHz"): profiled(mode, RATE) for mode in ("wall", "cpu", "gil", "exception")}


def switches(lab, plan):
    """Two threads that wake each other in turn, on one CPU."""
    table = Table(
        "Two threads that wake each other through pipes, pinned to one CPU",
        [
            ("who", "mode"),
            ("rate", "rate"),
            ("speed", "rounds per CPU second"),
            ("share", "of those without (%)"),
            ("points", "points from stamping alone"),
            ("own", "the profiler's process (% of a CPU)"),
        ],
        limit="85 % in mode wall, at most 4 points below stamping alone",
        note="All threads are sampled. Stamping alone is mode wall at a rate so low that no sample is due. The program "
        "has the highest priority, and each measurement lies between two without a profiler. The reference is "
        "not in the table: it disturbs no switch.",
    )
    target = lab.target(VERSION, "pingpong.py", cpu=CPUS[-1], nice=-20)
    found = against_nothing([target], switch_measures(lab, target, plan.switch_window), plan.switch_turns)
    shares = {key: [100 * speed / base for (speed,), (base,), _ in rows] for key, rows in found.items()}
    for key, rows in found.items():
        table.add(
            who=key[0],
            rate=key[1],
            speed=spread(speed for (speed,), _, _ in rows),
            share=spread(shares[key]),
            points=spread(a - b for a, b in zip(shares[key], shares[STAMPING])),
            own=spread(100 * own for _, _, own in rows),
        )
    return table
