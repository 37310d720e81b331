#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run the fuzzers.

  run.py SECONDS DIR    DIR holds what was built: fuzz_*, planted/*/fuzz_walk, make-seeds

First the walker with each of the planted bugs (tests/fuzz/planted): it must find them, and the input
that shows one must be harmless to the walker as it is. Then all fuzzers for SECONDS together; what they
learn stays in DIR/corpus for the next time, inputs that break something in DIR/crashes.

The output is TAP, and DIR/report the same for people.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent

# Of the time; the walker is what runs in other people's kernels.
SHARES = {
    "fuzz_walk": 0.60,
    "fuzz_decode": 0.16,
    "fuzz_elf": 0.08,
    "fuzz_layout": 0.06,
    "fuzz_linetable": 0.05,
    "fuzz_maps": 0.05,
}
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


def find_planted(report, build, sed):
    """The walker with the bug must fail as the bug's file says, the walker as it is must not."""
    name = sed.stem
    want = re.search(r"^# found: (.*)$", sed.read_text(encoding="utf-8"), re.M)[1]
    crashes = build / "planted" / name / "crashes"
    shutil.rmtree(crashes, ignore_errors=True)
    crashes.mkdir(parents=True)
    start = time.monotonic()
    code, output = run(
        build / "planted" / name / "fuzz_walk",
        "-seed=1",
        f"-max_total_time={PLANTED_S}",
        f"-artifact_prefix={crashes}/",
        build / "seeds" / "fuzz_walk",
    )
    took = time.monotonic() - start
    found = list(crashes.iterdir())
    if not code or len(found) != 1 or not re.search(want, output):
        report.add(False, f"planted bug {name}: not found in {took:.1f} s", output)
        return
    code, output = run(build / "fuzz_walk", found[0])
    report.add(not code, f"planted bug {name}: found in {took:.1f} s", output)


def fuzz(report, build, name, seconds):
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
        report.add(False, f"{name}: exit code {code}", output)
    else:
        report.add(True, f"{name}: {runs[1]} inputs in {seconds} s", output)


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
    for sed in planted:
        find_planted(report, build, sed)
    for name in fuzzers:
        fuzz(report, build, name, max(1, round(total * SHARES[name])))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
