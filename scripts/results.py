#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run test suites and add up what they say.

  results.py run FILE SUITE KIND COMMAND...   run the commands (shell lines) one after the other and
                                              append "SUITE passed failed skipped" to FILE
  results.py sum FILE SUITE...                print a table and, as the last line, the sums

KIND says how to read a command's output:
  tap     a cmocka program: one result per test; a crash or a leak is one more failure
  pytest  its closing line
  step    one result, the exit code
What a command says is shown if it fails; pytest's as it comes.

The exit code is 0 only if nothing failed. A suite that left no line in FILE counts as a failure, so
one that could not be built cannot pass unnoticed.
"""

import os
import re
import subprocess
import sys

PASSED, FAILED, SKIPPED = range(3)


def read_tap(text, code):
    counts = [0, 0, 0]
    planned = 0
    for line in text.splitlines():
        if match := re.match(r"1\.\.(\d+)", line):
            planned += int(match[1])
        elif re.match(r"(not )?ok \d+.*# ?SKIP", line, re.I):
            counts[SKIPPED] += 1
        elif re.match(r"ok \d+", line):
            counts[PASSED] += 1
        elif re.match(r"not ok \d+", line):
            counts[FAILED] += 1
    counts[FAILED] += max(0, planned - sum(counts))  # tests that a crash kept from running
    if not planned or (code and not counts[FAILED]):
        counts[FAILED] += 1
    return counts


def read_pytest(text, code):
    counts = [0, 0, 0]
    names = {"passed": PASSED, "xfailed": PASSED, "failed": FAILED, "error": FAILED, "errors": FAILED}
    names |= {"xpassed": FAILED, "skipped": SKIPPED}
    lines = [line for line in text.splitlines() if re.search(r"\d+ \w+.* in [\d.]+s", line)]
    for number, name in re.findall(r"(\d+) (\w+)", lines[-1]) if lines else ():
        if name in names:
            counts[names[name]] += int(number)
    if not sum(counts) or (code and not counts[FAILED]):
        counts[FAILED] += 1
    return counts


def read_step(_text, code):
    return [0, 1, 0] if code else [1, 0, 0]


READERS = {"tap": read_tap, "pytest": read_pytest, "step": read_step}


def run_command(command, live):
    """Run a shell line; return its output and exit code. Descriptors stay open for make's jobserver."""
    process = subprocess.Popen(
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,
        text=True,
        errors="replace",
    )
    text = ""
    for line in process.stdout:
        text += line
        if live:
            print(line, end="", flush=True)
    return text, process.wait()


def run(path, suite, kind, commands):
    os.environ.update(CMOCKA_MESSAGE_OUTPUT="tap")
    total = [0, 0, 0]
    for command in commands:
        text, code = run_command(command, live=kind == "pytest")
        counts = READERS[kind](text, code)
        total = [a + b for a, b in zip(total, counts)]
        if kind != "pytest":
            name = os.path.basename(command.split()[-1])
            shown = "ok" if not counts[FAILED] else "FAILED"
            number = f" ({sum(counts)})" if kind == "tap" else ""
            print(f"  {suite}: {name}: {shown}{number}", flush=True)
            if counts[FAILED]:
                print(text, end="" if text.endswith("\n") else "\n", flush=True)
                print(f"  (exit code {code} of: {command})", flush=True)
    if not commands:
        total[FAILED] += 1
        print(f"  {suite}: no tests", flush=True)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        print(suite, *total, file=file)
    print(f"{suite}: {total[PASSED]} passed, {total[FAILED]} failed, {total[SKIPPED]} skipped", flush=True)
    return 1 if total[FAILED] else 0


def add_up(path, suites):
    found = {}
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                suite, *counts = line.split()
                found[suite] = [int(count) for count in counts]
    except FileNotFoundError:
        pass
    total = [0, 0, 0]
    for suite in suites or found:
        counts = found.get(suite)
        if counts is None:
            print(f"{suite:>12}: did not run")
            counts = [0, 1, 0]
        else:
            print(f"{suite:>12}: {counts[PASSED]:5} passed {counts[FAILED]:3} failed {counts[SKIPPED]:3} skipped")
        total = [a + b for a, b in zip(total, counts)]
    if not suites and not found:
        total[FAILED] = 1
    print(f"{total[PASSED]} passed, {total[FAILED]} failed, {total[SKIPPED]} skipped")
    return 1 if total[FAILED] else 0


def main(args):
    if len(args) >= 4 and args[0] == "run" and args[3] in READERS:
        return run(args[1], args[2], args[3], args[4:])
    if len(args) >= 2 and args[0] == "sum":
        return add_up(args[1], args[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
