# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What profiling costs the machine: our process and the kernel side, beside the reference profiler."""

import re

from figures import Table, spread
from lab import CPUS, READY, Profiler, first_sample_ns

FRAMES = 33
RATES = (10000, 20000, 50000, 100000)
REFERENCE_VERSION = "3.15"  # it profiles only its own version


def whole_cpu(run):
    return run.cpu_s + (run.bpf.run_ns / 1e9 if run.bpf else 0)


def whole(lab, plan):
    """CPU of a whole run, from start to exit."""
    seconds = plan.whole_seconds
    table = Table(
        f"CPU of a whole run: attach for {seconds} s at 1 kHz, {FRAMES} frames, Python {REFERENCE_VERSION}",
        [
            ("who", "profiler"),
            ("total", "CPU, start to exit (ms)"),
            ("steady", "CPU without start and end (ms)"),
            ("bpf", "of it in BPF (ms)"),
            ("samples", "samples"),
            ("per_sample", "CPU per sample (us)"),
        ],
        limit="ours at most 1/20 of the reference",
        note="The reference is `python3.15 -m profiling.sampling attach -r 1khz`. Without start and end: less "
        "than the whole by what a run of 1 s cost, scaled to the full time.",
    )
    target = lab.target(REFERENCE_VERSION, "deep.py", FRAMES, "loop", cpu=CPUS[-1])
    commands = {"tachyon-bpf": lab.ours, "reference": lab.reference}
    rates = {"tachyon-bpf": 1000, "reference": "1khz"}
    long = {who: [] for who in commands}
    short = {who: [] for who in commands}
    for turn in range(plan.whole_turns):
        for who, command in commands.items():
            for runs, duration in ((long, seconds), (short, 1)):
                with target:
                    runs[who].append(Profiler(command(target.pid, rates[who], duration)).finish())
    steady = {}
    for who in commands:
        steady[who] = [
            (whole_cpu(all_of_it) - whole_cpu(start)) * 1e3 * seconds / (seconds - 1)
            for all_of_it, start in zip(long[who], short[who])
        ]
        table.add(
            who=who,
            total=spread(whole_cpu(run) * 1e3 for run in long[who]),
            steady=spread(steady[who]),
            samples=spread(run.samples for run in long[who])["median"],
            per_sample=spread(whole_cpu(run) * 1e6 / run.samples for run in long[who]),
            **({"bpf": spread(run.bpf.run_ns / 1e6 for run in long[who])} if who == "tachyon-bpf" else {}),
        )
    table.add(
        who="reference / ours",
        total=spread(whole_cpu(b) / whole_cpu(a) for a, b in zip(*long.values())),
        steady=spread(b / max(a, 1e-3) for a, b in zip(*steady.values())),
        per_sample=spread(
            whole_cpu(b) / b.samples / (whole_cpu(a) / a.samples) for a, b in zip(*long.values())
        ),
    )
    return table


def startup(lab, plan):
    """From the command's exec to the first sample."""
    table = Table(
        "Start: from exec of the command to the first sample (ms)",
        [
            ("python", "Python"),
            ("mode", "mode"),
            ("load", "exec to session"),
            ("find", "find the interpreter"),
            ("open", "open and verify"),
            ("attach", "attach"),
            ("total", "to the first sample"),
            ("cpu", "CPU of a run of 0.2 s"),
            ("insns", "verified instructions"),
        ],
        limit="open, verify and attach within 60 ms in mode cpu",
        note="Mode exception starts like mode gil.",
    )
    rows = [(version, "cpu") for version in plan.versions]
    rows += [(plan.versions[-1], mode) for mode in ("wall", "gil")]
    targets = {
        version: lab.target(version, "deep.py", FRAMES, "loop", cpu=CPUS[-1]) for version in plan.versions
    }
    raw = lab.dir / "start.raw"
    found = {row: [] for row in rows}
    for turn in range(plan.start_turns):
        for version, mode in rows:
            target = targets[version]
            with target:
                run = Profiler(lab.ours(target.pid, 10000, 0.2, "--raw", str(raw), mode=mode)).finish()
            if not run.samples:  # others had the CPU all the time
                continue
            ready, opened, attached = map(float, READY.search(run.text).groups())
            total = (first_sample_ns(raw) - run.start_ns) / 1e6
            found[version, mode].append(
                dict(
                    load=total - ready,
                    find=ready - opened - attached,
                    open=opened,
                    attach=attached,
                    total=total,
                    cpu=run.cpu_s * 1e3,
                    insns=run.bpf.verified_insns,
                )
            )
    for (version, mode), runs in found.items():
        if not runs:
            raise RuntimeError("the target never ran: the machine is too busy")
        row = {key: spread(each[key] for each in runs) for key in runs[0]}
        table.add(python=version, mode=mode, **{**row, "insns": runs[0]["insns"]})
    return table


def rates(lab, plan):
    """How far the rate can go."""
    table = Table(
        f"High rates on one thread, {FRAMES} frames, Python {REFERENCE_VERSION}",
        [
            ("rate", "rate (Hz)"),
            ("share", "captured of what was due (%)"),
            ("lost", "counted as lost"),
            ("bpf", "BPF (% of a CPU)"),
            ("own", "our process (% of a CPU)"),
            ("reference", "reference: captured (%)"),
            ("reference_cpu", "its CPU (%)"),
        ],
        note="Due is rate times the target's CPU time. The reference samples by wall clock, and what it calls "
        "captured includes samples that failed. Start and end are part of the CPU figures.",
    )
    target = lab.target(REFERENCE_VERSION, "deep.py", FRAMES, "loop", cpu=CPUS[-1])
    ours = {rate: [] for rate in RATES}
    theirs = {rate: [] for rate in RATES}
    for turn in range(plan.rate_turns):
        for rate in RATES:
            with target:
                ours[rate].append(Profiler(lab.ours(target.pid, rate, plan.seconds)).finish())
                if turn == 0:
                    command = lab.reference(target.pid, f"{rate // 1000}khz", plan.reference_seconds)
                    theirs[rate].append(Profiler(command).finish())
    for rate in RATES:
        runs = ours[rate]
        their = [float(re.search(r"in ([\d.]+) seconds", run.text).group(1)) for run in theirs[rate]]
        table.add(
            rate=rate,
            share=spread(100 * run.samples / (rate * run.counts.cpu_s) for run in runs),
            lost=max(sum(run.counts.failed.values()) for run in runs),
            bpf=spread(100 * run.bpf.run_ns / 1e9 / run.wall_s for run in runs),
            own=spread(100 * run.cpu_s / run.wall_s for run in runs),
            reference=spread(100 * run.samples / (rate * s) for run, s in zip(theirs[rate], their)),
            reference_cpu=spread(100 * run.cpu_s / run.wall_s for run in theirs[rate]),
        )
    return table
