# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the tests read from a run of the profiler: the collapsed file and the counters of --verbose."""

import collections
import re

STATUS = re.compile(r"^tachyon-bpf: status (\w+) (\d+)$", re.M)
COUNTER = re.compile(r"^tachyon-bpf: counter (\w+) (\d+)$", re.M)
SETTLED = re.compile(r"^tachyon-bpf: settled samples (\d+) ", re.M)
DUE = re.compile(r"^tachyon-bpf: due (\d+) attempts (\d+) errors (\d+) throttles (\d+)$", re.M)
CPU = re.compile(r"^tachyon-bpf: target cpu_ns (\d+)$", re.M)

LEDGER = re.compile(
    r"^ +(\d+) +([\d.]+) +([\d.]+)% +([\d.]+)% +(?:([\d.]+)% +)?([\d.]+)% +([\d.]+)% +(-?[\d.]+)%(?:  .*)?$", re.M
)

# Where a thread's time went: in s, the others in % of it; gil is None where nobody looks at the GIL.
Ledger = collections.namedtuple("Ledger", "wall running runnable gil blocked sum residual")


def ledgers(stdout):
    """{tid: Ledger}, as the program prints them."""
    return {
        int(tid): Ledger(*(float(figure) if figure else None for figure in figures))
        for tid, *figures in LEDGER.findall(stdout)
    }


# Ends of a tick where a sample was due and is missing (bpf/tach_status.h, kind FAIL).
FAILS = (
    "NO_SCRATCH",
    "TSTATE_FAULT",
    "TSTATE_LIMIT",
    "FRAME_FAULT",
    "FRAME_INVALID",
    "NO_ROOT",
    "CODE_FAULT",
    "CODE_QUOTA",
    "RING_FULL",
    "OFF_FAILED",
    "OFF_LOST",
)


class Counts:
    """The counters of one run, from its --verbose output."""

    def __init__(self, stderr):
        self.status = {name: int(value) for name, value in STATUS.findall(stderr)}
        self.counter = {name: int(value) for name, value in COUNTER.findall(stderr)}
        assert self.status and self.counter, f"no counters in: {stderr}"
        self.settled = int(SETTLED.search(stderr).group(1))
        self.due, self.attempts, self.errors, self.throttles = map(int, DUE.search(stderr).groups())
        self.cpu_s = int(CPU.search(stderr).group(1)) / 1e9
        assert "internal:" not in stderr, stderr
        # Every tick on the target ended in exactly one counter.
        assert sum(self.status.values()) == self.counter["TARGET_TICKS"]
        assert self.attempts == self.samples + self.errors

    @property
    def samples(self):
        """On a CPU, off it, and those of the blocks that had not ended at the end."""
        return self.counter["ON_SAMPLES"] + self.counter["OFF_SAMPLES"] + self.settled

    @property
    def failed(self):
        counts = self.status | self.counter
        return {name: counts[name] for name in FAILS if counts[name]}


def collapsed_levels(path):
    """[({"pid": 1, "interp": 0, "tid": 7}, [(file, function, line), ...] root first, count)] of a collapsed file;
    tid is always there."""
    rows = []
    for text in path.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        levels, stack, count = re.fullmatch(r"((?:pid:\d+;)?(?:interp:\d+;)?tid:\d+);(.*) (\d+)", text).groups()
        levels = {name: int(number) for name, number in re.findall(r"(\w+):(\d+)", levels)}
        rows.append((levels, [split_frame(frame) for frame in stack.split(";")], int(count)))
    return rows


def collapsed(path):
    """[(tid, [(file, function, line), ...] root first, count)] of a collapsed file."""
    return [(levels["tid"], frames, count) for levels, frames, count in collapsed_levels(path)]


def functions(rows):
    """{function: samples in which it was on the stack}"""
    found = collections.Counter()
    for _, frames, count in rows:
        for function in {function for _, function, _ in frames}:
            found[function] += count
    return found


def split_frame(frame):
    if frame.startswith("<") and frame.endswith(">"):  # no place; not "<string>:f:1"
        return ("~", frame, 0)
    file, function, line = frame.rsplit(":", 2) if frame.count(":") == 2 else split_long(frame)
    return (file, function, int(line))


def split_long(frame):
    rest, line = frame.rsplit(":", 1)
    file, function = rest.split(":", 1)
    return file, function, line
