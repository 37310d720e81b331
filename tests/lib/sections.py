# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two profiles of one run of tests/targets/sections.py, and whether they differ by more than sampling explains.

A stack of that program tells in which section of the run it was taken, so how uncertain a share is can be seen in the
data, whatever made it so: points that fall to either side of a turn's ends, samples that come late, a busy machine. The
standard error is that of the jackknife: a figure is computed again without each of the n sections, and (n - 1) / n times
the sum of the squares of what that changes is its variance. What all sections have in common, as a program's waits
that are longer than expected, cancels out: the profiles are of the same turns.
"""

import collections
import math
import re

FUNCTIONS = {"in_except", "compute", "compute_without_gil", "nap", "nap_with_gil", "compute_beside"}
SECTION = re.compile(r"section_(\d+)$")


def name_of(functions):
    """"in_except nap", of the functions on a stack."""
    return " ".join(function for function in functions if function in FUNCTIONS) or "between"


class Sections:
    """{section: {name: weight}}"""

    def __init__(self):
        self.weights = collections.defaultdict(collections.Counter)

    def add(self, section, name, weight):
        self.weights[section][name] += weight

    def drop(self, names):
        for weights in self.weights.values():
            for name in names:
                weights.pop(name, None)

    @property
    def total(self):
        return sum(sum(each.values()) for each in self.weights.values())

    def shares(self, without=None):
        """Of the names, in all sections but one."""
        found = collections.Counter()
        for section, weights in self.weights.items():
            if section != without:
                found.update(weights)
        total = sum(found.values())
        return collections.Counter({name: weight / total for name, weight in found.items()})


def of_profile(rows):
    """The Sections of samples as collapsed() makes them."""
    found = Sections()
    for _, frames, count in rows:
        functions = [function.rsplit(".")[-1] for _, function, _ in frames]
        for at, function in enumerate(functions):
            section = SECTION.match(function)
            if section:
                found.add(int(section[1]), name_of(functions[at:]), count)
    return found


def difference(one, other, one_expected, other_expected):
    """{name: (by how much the difference of the shares of two profiles is not the one that is expected, its standard
    error)}"""
    sections = set(one.weights) | set(other.weights)

    def surprise(without=None):
        found = collections.Counter(one.shares(without))
        for sign, each in ((-1, other), (-1, one_expected), (1, other_expected)):
            for name, share in each.shares(without).items():
                found[name] += sign * share
        return found

    whole, parts = surprise(), [surprise(section) for section in sections]
    found = {}
    for name, value in whole.items():
        mean = sum(part[name] for part in parts) / len(parts)
        squares = sum((part[name] - mean) ** 2 for part in parts)
        found[name] = value, math.sqrt((len(parts) - 1) / len(parts) * squares)
    return found
