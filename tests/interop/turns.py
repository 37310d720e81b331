# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the program states.py did, beside what a reader says of it."""

import json
import math
import time

from shares import expect

SIGMAS = 5
SLACK = 0.03  # of a time: timers that are late
EDGE_MS = 4  # of an interval: its ends are exact to two periods of 1 ms each


def clock_difference():
    """Time of day less time.monotonic(), in s."""
    return time.time() - time.monotonic()


class Turns:
    """turns: [(function, begin, end)] in ms from the start of the recording."""

    def __init__(self, path, start_s, samples_missing, stolen_s):
        """start_s: when the recording began, time of day. samples_missing: without a stack, or with one that may be
        an earlier one."""
        rows, difference = json.loads(path.read_text()), clock_difference()
        self.turns = [
            (function, *(1000 * (ns / 1e9 + difference - start_s) for ns in (begin, end)))
            for function, begin, end, _ in rows
        ]
        self.cpu_ms = {function: 0 for function, *_ in rows}
        for function, _, _, cpu_ns in rows:
            self.cpu_ms[function] += cpu_ns / 1e6
        self.samples_missing, self.stolen_ms = samples_missing, 1000 * stolen_s

    def of(self, *functions):
        return [(begin, end) for function, begin, end in self.turns if function in functions]

    def ms(self, *functions):
        return sum(end - begin for begin, end in self.of(*functions))

    def slack_ms(self, *functions):
        return EDGE_MS * len(self.of(*functions)) + SLACK * self.ms(*functions) + self.stolen_ms

    def check_samples(self, samples, function):
        """One for each millisecond, at a random point of it."""
        bound = SIGMAS * math.sqrt(len(self.of(function)) / 2) + self.samples_missing + self.slack_ms(function)
        expect(abs(samples - self.ms(function)) < bound, function, samples, self.ms(function))

    def check_intervals(self, intervals, *functions):
        """They are these functions' time, all of it and no other, between the first turn and the last one."""
        begin, end = self.turns[0][1], self.turns[-1][2]
        inside = sum(overlap(each, turn) for each in intervals for turn in self.of(*functions))
        all_of_them = sum(overlap(each, (begin, end)) for each in intervals)
        slack = self.slack_ms(*functions)
        expect(self.ms(*functions) - inside < slack, functions, inside)
        expect(all_of_them - inside < slack, functions, all_of_them, inside)

    def check_on_cpu(self, intervals, *functions):
        """As much of these functions' time as their CPU clock says."""
        inside = sum(overlap(each, turn) for each in intervals for turn in self.of(*functions))
        cpu_ms = sum(self.cpu_ms[function] for function in functions)
        expect(abs(inside - cpu_ms) < self.slack_ms(*functions), functions, inside, cpu_ms)


def overlap(left, right):
    return max(0, min(left[1], right[1]) - max(left[0], right[0]))
