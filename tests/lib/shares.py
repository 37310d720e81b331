# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""How far is a profile's distribution from the true one, and how far may it be?

Timer ticks come at equal distances. A turn of CPU time c under a period T gets c / T samples, rounded up or
down: an error of mean 0 and variance at most 1/4, whatever c is. Timers tick a little more often, and so many ticks
are left out at random: of n samples that adds a variance of n times their share. The errors of a function's m turns
add up to a standard deviation of at most sqrt(m / 4 + n * LEFT_OUT) samples.
"""

import collections
import json
import math

SIGMAS = 5  # wrong once in 1.7 million
LEFT_OUT = 0.0072  # of the ticks, at most (user/load/perf.c)


class OutsideBound(AssertionError):
    """What was measured is not what sampling explains. On a busy machine that happens: a timer is late, a switch is hidden
    by the kernel. So it is measured again, twice at most (Makefile, PYTEST): a fault is there each time. What must be 0
    or the same is not of this kind, and is not measured again."""


def expect(holds, *seen):
    """Of a figure that is judged by its bound: assert that it is inside. seen: what to show if it is not."""
    if not holds:
        raise OutsideBound(*seen)


def total_variation(ours, truth):
    """Distance of two distributions given as {name: weight}: 0 equal, 1 disjoint."""
    a, b = sum(ours.values()), sum(truth.values())
    return sum(abs(ours.get(k, 0) / a - truth.get(k, 0) / b) for k in set(ours) | set(truth)) / 2


def seen_whole(path, raw):
    """The turns in the file at path that lie between the first and the last sample."""
    turns = Turns(json.loads(path.read_text()))
    return turns.between(raw.samples[0].ts_ns, raw.samples[-1].ts_ns)


def bound_of_short_turns(ours):
    """Largest total variation that sampling explains where turns are shorter than some periods, most of them shorter
    than one: each sample may fall to either side. ours: {function: samples}"""
    return SIGMAS * sum(math.sqrt(0.25 * count) for count in ours.values()) / 2 / sum(ours.values())


class Turns:
    """What shares.py says: turns of [function, start, end, ns of CPU time], in the order of time."""

    def __init__(self, turns):
        self.turns = turns
        self.functions = {function for function, *_ in turns}

    @property
    def cpu_s(self):
        """{function: seconds}"""
        found = collections.Counter()
        for function, _, _, cpu_ns in self.turns:
            found[function] += cpu_ns / 1e9
        return found

    def between(self, start, end):
        """Those wholly in this time."""
        return Turns([turn for turn in self.turns if turn[1] >= start and turn[2] <= end])

    def samples(self, raw):
        """{function: samples} of a rawfile.RawFile in these turns; of several functions on a stack the oldest
        has the turn."""
        begin, end = self.turns[0][1], self.turns[-1][2]
        found = collections.Counter()
        for sample in raw.samples:
            functions = [frame.qualname for frame in raw.frames[sample.stack] if frame.qualname in self.functions]
            if functions and begin <= sample.ts_ns <= end:
                found[functions[-1]] += sample.weight
        return found

    def bound(self, samples, missed, variance=0.25):
        """The largest total variation that sampling explains: SIGMAS standard deviations in each
        function, and ticks that were due but did not come, which may all be of one function. variance: of
        the number of samples in one turn; 1/2 if they come at random points of their periods, where both
        ends of a turn add to it."""
        turns = collections.Counter(function for function, *_ in self.turns)
        cpu_s, total_s = self.cpu_s, sum(self.cpu_s.values())
        variances = [
            variance * count + LEFT_OUT * samples * cpu_s[function] / total_s for function, count in turns.items()
        ]
        deviations = sum(SIGMAS * math.sqrt(each) for each in variances)
        return (deviations / 2 + max(0, missed)) / samples
