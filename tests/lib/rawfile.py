# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Files of raw records (--raw), read with the program's own decoder (tests/tools/records.c)."""

import collections
import subprocess

from tree import ROOT

RECORDS = ROOT / "build" / "tests" / "tools" / "records"

Sample = collections.namedtuple("Sample", "tid stack state weight ts_ns host_tid")
Frame = collections.namedtuple("Frame", "addr lasti position qualname filename")


class RawFile:
    """position of a frame is (line, end line, column, end column), as user/symbolize/frametab.h has it."""

    def __init__(self, path):
        self.samples = []
        self.weights = collections.Counter()  # of stacks
        self.frames = collections.defaultdict(list)  # of stacks, leaf first
        self.hidden = collections.defaultdict(int)  # of stacks
        self.end = None
        done = subprocess.run([RECORDS, path], capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr
        for line in done.stdout.decode("utf-8", "surrogatepass").split("\n")[:-1]:
            kind, *words = line.split("\t")
            getattr(self, f"add_{kind}")(*words)

    def add_S(self, tid, stack, state, weight, ts_ns, host_tid):
        sample = Sample(int(tid), stack, int(state), int(weight), int(ts_ns), int(host_tid))
        self.samples.append(sample)
        self.weights[stack] += sample.weight

    def add_F(self, stack, index, addr, lasti, line, end_line, col, end_col, qualname, filename):
        position = (int(line), int(end_line), int(col), int(end_col))
        self.frames[stack].append(Frame(int(addr), int(lasti), position, qualname, filename))

    def add_H(self, stack, index, addr, lasti):
        self.hidden[stack] += 1

    def add_E(self, *words):
        names = ("records", "bad", "codes", "unknown", "bad_lines")
        self.end = dict(zip(names, map(int, words), strict=True))
