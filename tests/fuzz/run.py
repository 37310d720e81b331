#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run the fuzzers.

  run.py SECONDS DIR    DIR holds what was built: fuzz_*, planted/*/fuzz_*, make-seeds

First the fuzzers of what has planted bugs (tests/fuzz/planted): they must find them, and the input
that shows one must be harmless to the program as it is. Then all fuzzers for SECONDS of CPU time, two at
a time; what they learn stays in DIR/corpus for the next time, inputs that break something in DIR/crashes.

The output is TAP, and DIR/report the same for people.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent

# Of the time; the walker is what runs in other people's kernels, and recordings are what people send each other.
SHARES = {
    "fuzz_walk": 0.38,
    "fuzz_replay": 0.38,
    "fuzz_decode": 0.08,
    "fuzz_elf": 0.05,
    "fuzz_layout": 0.04,
    "fuzz_linetable": 0.04,
    "fuzz_maps": 0.03,
}
LANES = 2
PLANTED_S = 120  # in which a planted bug must be found; some seconds are usual
LIMITS = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=2048", "-print_final_stats=1"]


class Report:
    def __init__(self, path, planned):
        self.file = open(path, "w", encoding="utf-8")
        self.count = self.failed = 0
        print(f"1..{planned}", flush=True)

    def add(self, good, what, output):
        self.count += 1
        self.failed += not good
        print(f"{'' if good else 'not '}ok {self.count} - {what}", flush=True)
        print(f"  fuzz: {what}{'' if good else ': FAILED'}", file=self.file, flush=True)
        if not good:
            print(*(f"# {line}" for line in output.splitlines()[-60:]), sep="\n", flush=True)


def run(program, *args):
    """Run a fuzzer; return its exit code and what it says. Others use this machine too."""
    env = os.environ | {"UBSAN_OPTIONS": "print_stacktrace=1"}
    symbolizer = shutil.which("llvm-symbolizer-19") or shutil.which("llvm-symbolizer")
    if symbolizer:
        env["ASAN_SYMBOLIZER_PATH"] = symbolizer
    command = ["nice", "-n", "10", str(program), *LIMITS, *map(str, args)]
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace"
    )
    return done.returncode, done.stdout


def find_planted(build, sed):
    """The program with the bug must fail as the bug's file says, the program as it is must not. What to report."""
    name, text = sed.stem, sed.read_text(encoding="utf-8")
    want = re.search(r"^# found: (.*)$", text, re.M)[1]
    fuzzer = re.search(r"^# fuzzer: (.*)$|\Z", text, re.M)[1] or "fuzz_walk"
    crashes = build / "planted" / name / "crashes"
    shutil.rmtree(crashes, ignore_errors=True)
    crashes.mkdir(parents=True)
    start = time.monotonic()
    code, output = run(
        build / "planted" / name / fuzzer,
        "-seed=1",
        f"-max_total_time={PLANTED_S}",
        f"-artifact_prefix={crashes}/",
        build / "seeds" / fuzzer,
    )
    took = time.monotonic() - start
    found = list(crashes.iterdir())
    if not code or len(found) != 1 or not re.search(want, output):
        return False, f"planted bug {name}: not found in {took:.1f} s", output
    code, output = run(build / fuzzer, found[0])
    return not code, f"planted bug {name}: found in {took:.1f} s", output


def fuzz(build, name, seconds):
    """What to report."""
    corpus = build / "corpus" / name
    crashes = build / "crashes"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    code, output = run(
        build / name,
        f"-max_total_time={seconds}",
        f"-artifact_prefix={crashes}/{name}-",
        corpus,
        build / "seeds" / name,
    )
    runs = re.search(r"^stat::number_of_executed_units: *(\d+)", output, re.M)
    if code or not runs:
        return False, f"{name}: exit code {code}", output
    return True, f"{name}: {runs[1]} inputs in {seconds} s", output


def main(args):
    if len(args) != 2 or not args[0].isdigit():
        print(__doc__, file=sys.stderr)
        return 2
    total, build = int(args[0]), pathlib.Path(args[1])
    planted = sorted(HERE.glob("planted/*.sed"))
    fuzzers = sorted(path.stem for path in HERE.glob("fuzz_*.c"))
    if not planted or set(fuzzers) != set(SHARES):
        print(f"run.py: no time is set aside for {set(fuzzers) ^ set(SHARES)}", file=sys.stderr)
        return 1
    shutil.rmtree(build / "seeds", ignore_errors=True)
    (build / "seeds").mkdir()
    subprocess.run([build / "make-seeds", build / "seeds"], check=True)
    report = Report(build / "report", len(planted) + len(fuzzers))
    with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
        jobs = [lanes.submit(find_planted, build, sed) for sed in planted]
        jobs += [lanes.submit(fuzz, build, name, max(1, round(total * share))) for name, share in SHARES.items()]
        for job in jobs:
            report.add(*job.result())
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
