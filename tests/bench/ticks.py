# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What a tick costs in the kernel: our program's time by the kernel's BPF statistics, and the bare timer."""

import subprocess
import time

from figures import Table, spread
from lab import CPUS, ROOT, Profiler

FRAMES = 33
DEPTHS = (14, 104, 1004, 5004, 20000)


def attach(lab, target, rate, seconds):
    with target:
        return Profiler(lab.ours(target.pid, rate, seconds)).finish()


def per_sample(run):
    """ns of all runs of our program, also those on other processes, for each sample."""
    return run.bpf.run_ns / run.samples


def other_tick(lab, busy, quiet, rate, seconds, own_ns):
    """ns of a run that finds something else than the target: `quiet` is the target, but `busy` runs."""
    with busy:
        with quiet:  # at first: the program may learn from the first hit whom to ignore
            profiler = Profiler(lab.ours(quiet.pid, rate, seconds))
            profiler.wait_ready()
            time.sleep(0.02)
        run = profiler.finish()
    hits = run.counts.counter["TARGET_TICKS"]
    return (run.bpf.run_ns - hits * own_ns) / (run.bpf.run_cnt - hits)


def bpf_time(lab, plan):
    """BPF time for each sample at 33 frames."""
    table = Table(
        f"BPF time per sample, {FRAMES} frames (ns)",
        [
            ("python", "Python"),
            ("work", "target's work"),
            ("rate", "rate (Hz)"),
            ("total", "all runs / samples"),
            ("own", "on the target"),
            ("other", "a run on something else"),
            ("others", "of them per sample"),
        ],
        limit="3,000 ns at 1 kHz",
        note='"loop" leaves the caches alone, "memory" walks over 20 MB between two ticks. Another busy '
        "process on the machine adds its ticks to the first figure.",
    )
    quiet = lab.target(plan.versions[-1], "deep.py", 6, "loop", cpu=CPUS[-1])
    targets = {
        (version, work): lab.target(version, "deep.py", FRAMES, work, cpu=CPUS[-1])
        for version in plan.versions
        for work in ("loop", "memory")
    }
    runs = {(*key, rate): [] for key in targets for rate in (1000, 10000)}
    others = {key: [] for key in runs}
    for turn in range(plan.turns):
        for version, work, rate in runs:
            run = attach(lab, targets[version, work], rate, plan.seconds)
            runs[version, work, rate].append(run)
            if version == plan.versions[-1]:
                found = other_tick(lab, targets[version, work], quiet, rate, plan.seconds, per_sample(run))
                for each in plan.versions:
                    others[each, work, rate].append(found)
    for (version, work, rate), found in runs.items():
        other = spread(others[version, work, rate])
        rest = [run.bpf.run_cnt - run.counts.counter["TARGET_TICKS"] for run in found]
        own = [
            (run.bpf.run_ns - cnt * other["median"]) / run.counts.counter["TARGET_TICKS"]
            for run, cnt in zip(found, rest)
        ]
        table.add(
            python=version,
            work=work,
            rate=rate,
            total=spread(map(per_sample, found)),
            own=spread(own),
            other=other,
            others=spread(cnt / run.samples for run, cnt in zip(found, rest))["median"],
        )
    return table


def timer(lab, plan):
    """What the timer costs without any program."""
    table = Table(
        "The timer's interrupt without a program (ns a tick)",
        [("rate", "rate (Hz)"), ("cost", "taken from a busy process"), ("share", "of a CPU (%)")],
        note="This is the floor: measured with the same timer on and off in turn, and no BPF program. The "
        "range holds the middle half of the pairs.",
    )
    for rate in (1000, 10000):
        command = [str(ROOT / "build" / "tests" / "tools" / "timer_cost"), str(CPUS[-1]), str(10**9 // rate)]
        output = subprocess.check_output([*command, str(plan.timer_pairs)], text=True)
        costs = sorted(map(float, output.split()))
        cost = spread(costs[len(costs) // 4 : -(len(costs) // 4) or None])
        table.add(rate=rate, cost=cost, share=cost["median"] * rate / 1e7)
    return table


def depth(lab, plan):
    """BPF time against the depth of the stack."""
    version = plan.versions[-1]
    table = Table(
        f"BPF time against depth, 1 kHz, Python {version}",
        [("frames", "frames"), ("total", "ns per sample"), ("frame", "ns per frame"), ("kept", "frames kept")],
    )
    targets = {frames: lab.target(version, "deep.py", frames, "loop", cpu=CPUS[-1]) for frames in DEPTHS}
    runs = {frames: [] for frames in DEPTHS}
    for turn in range(plan.turns):
        for frames, target in targets.items():
            runs[frames].append(attach(lab, target, 1000, plan.seconds))
    for frames, found in runs.items():
        total = spread(map(per_sample, found))
        kept = min(frames, 8192)  # TACH_MAX_FRAMES, bpf/tach_wire.h
        cut = any(run.counts.counter["TRUNCATED"] for run in found)
        if cut != (kept < frames):
            raise RuntimeError(f"{frames} frames: cut: {cut}")
        table.add(frames=frames, total=total, frame=total["median"] / kept, kept=kept)
    return table
