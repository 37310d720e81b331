#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Benchmarks: prints tables and writes build/bench.json. They never fail on a time.

usage: bench.py [--only NAME,...] [--json FILE] [--markdown FILE]

  --only      ticks, timer, whole, startup, depth, lost, rates, sleepers, switches, stops,
              replay, pages (default: all)
  --json      where the figures go (default: build/bench.json)
  --markdown  measure nothing: put the figures of --json into FILE, between its two marker lines

Environment: TACHYON, LAB and PY as for the integration tests; BENCH=quick measures little.
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import sys
import time

import cost
import kernel
import modes
import pages
import replays
import stops
import ticks
import victims
from figures import Table
from lab import ROOT, Lab

BENCHMARKS = {
    "ticks": ticks.bpf_time,
    "timer": ticks.timer,
    "whole": cost.whole,
    "startup": cost.startup,
    "depth": ticks.depth,
    "lost": victims.lost_work,
    "rates": cost.rates,
    "sleepers": modes.sleepers,
    "switches": modes.switches,
    "stops": stops.stops,
    "replay": replays.replay,
    "pages": pages.pages,
}
# The kernel's BPF statistics, without which there is no BPF time, cost each run of a program 50 ns: not here.
WITHOUT_STATISTICS = {"lost", "switches", "stops", "replay", "pages"}
MARKERS = ("<!-- figures: made by tests/bench/bench.py --markdown -->", "<!-- end of figures -->")

# How often and how long (seconds). Reference: whole seconds only.
Plan = collections.namedtuple(
    "Plan",
    "versions turns seconds timer_pairs whole_turns whole_seconds start_turns"
    " rate_turns reference_seconds victim_turns window sleep_turns sleep_seconds switch_turns switch_window"
    " replay_samples replay_turns reference_replays",
)


def make_plan(quick):
    versions = tuple(os.environ.get("PY", "").replace(",", " ").split()) or ("3.13", "3.14", "3.15")
    if quick:
        return Plan(versions, 2, 0.5, 10, 1, 4, 3, 1, 1, 1, 1, 1, 2, 1, 0.5, 100_000, 1, 1)
    return Plan(versions, 4, 1.2, 40, 2, 12, 8, 3, 2, 3, 1, 3, 10, 16, 0.4, 1_000_000, 3, 1)


def measure(names, quick):
    load = os.getloadavg()[0]
    results = {}
    with Lab() as lab:
        plan = make_plan(quick)
        about = dict(kernel.machine(), load=round(load, 1), quick=quick)
        about["pythons"] = [lab.python_version(version) for version in plan.versions]
        print(about_text(about), flush=True)
        for name in names:
            start = time.monotonic()
            with contextlib.nullcontext() if name in WITHOUT_STATISTICS else kernel.BpfStatistics():
                table = BENCHMARKS[name](lab, plan)
            lab.end_targets()
            results[name] = dict(table.as_dict(), took_s=round(time.monotonic() - start, 1))
            print(f"\n{table.as_text()}", flush=True)
    return {"machine": about, "benchmarks": results}


def about_text(about):
    return (
        f"{about['cpus']}-CPU {about['kind']} ({about['arch']}), Linux {about['linux']}, Python "
        f"{', '.join(about['pythons'])}; load average at the start: {about['load']}."
        f"{' A quick pass: few repetitions.' if about['quick'] else ''} Figures are medians, with the smallest "
        "and the largest of the repetitions."
    )


def markdown(data, path):
    text = path.read_text()
    before, rest = text.split(MARKERS[0])
    after = rest.split(MARKERS[1])[1]
    parts = [about_text(data["machine"]) + "\n"]
    parts += [Table.from_dict(table).as_markdown() for table in data["benchmarks"].values()]
    path.write_text(f"{before}{MARKERS[0]}\n\n{chr(10).join(parts)}\n{MARKERS[1]}{after}")


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--only", default=",".join(BENCHMARKS))
    parser.add_argument("--json", type=pathlib.Path, default=ROOT / "build" / "bench.json")
    parser.add_argument("--markdown", type=pathlib.Path)
    args = parser.parse_args()
    names = args.only.split(",")
    if args.help or not set(names) <= set(BENCHMARKS):
        print(__doc__)
        return 0 if args.help else 2
    if args.markdown:
        markdown(json.loads(args.json.read_text()), args.markdown)
        return 0
    if os.geteuid() != 0:
        print("bench: needs root (BPF, chroot)", file=sys.stderr)
        return 1
    start = time.monotonic()
    data = measure(names, os.environ.get("BENCH") == "quick")
    args.json.write_text(json.dumps(data, indent=1) + "\n")
    owner = args.json.parent.stat()  # not root, after sudo
    os.chown(args.json, owner.st_uid, owner.st_gid)
    print(f"\n{time.monotonic() - start:.0f} s; figures in {args.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
