# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What `go tool pprof` makes of a profile."""

import collections
import os
import re
import subprocess

SAMPLE = re.compile(r" *(\d+) +(\d+): ([\d ]*)$")
LOCATION = re.compile(r" *(\d+): 0x0 M=1 (.*)$")
ROW = re.compile(r" *(\d+)(?:ns)? +[\d.]+% +[\d.]+% +(\d+)(?:ns)? +[\d.]+%  (.*)$")
TAG = re.compile(r" *([\d.]+)\w* \( *[\d.]+%\): (.*)$")


def pprof(path, *options):
    """What it prints; it does not complain."""
    done = subprocess.run(["go", "tool", "pprof", *options, path], env=os.environ | {"TZ": "UTC"}, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return done.stdout.decode()  # UTF-8, strictly


class Raw:
    """All that it has read. samples: {(stack, labels): [count, ns]}; a stack is a tuple of locations, leaf first, as
    "function file:line s=first line()"; labels are one text."""

    def __init__(self, path):
        self.header, rest = pprof(path, "-raw").split("\nSamples:\nsamples/count ", 1)
        self.types, rest = rest.split("\n", 1)
        samples, rest = rest.split("Locations\n")
        locations, self.mappings = rest.split("Mappings\n")
        self.locations = {}
        for line in locations.split("\n")[:-1]:
            number, text = LOCATION.match(line).groups()
            self.locations[number] = text
        self.samples = collections.defaultdict(lambda: [0, 0])
        lines = samples.split("\n")[:-1]
        for line, labels in zip(lines[::2], lines[1::2], strict=True):
            count, ns, stack = SAMPLE.match(line).groups()
            found = self.samples[tuple(self.locations[number] for number in stack.split()), labels.strip()]
            found[0] += int(count)
            found[1] += int(ns)

    @property
    def counts(self):
        return {key: count for key, (count, _) in self.samples.items()}


def top(path, *options):
    """{name: (flat, cum)}, nothing left out."""
    text = pprof(path, "-top", "-nodefraction=0", "-nodecount=100000000", *options)
    rows = text.split("cum%\n")[1].split("\n")[:-1]
    return {name: (int(flat), int(cum)) for flat, cum, name in (ROW.match(row).groups() for row in rows)}


def tags(path, *options):
    """{key: {value: samples}}"""
    found = {}
    for line in pprof(path, "-tags", *options).split("\n"):
        if ": Total " in line:
            row = found.setdefault(line.split(":")[0].strip(), {})
        elif line.strip():
            count, value = TAG.match(line).groups()
            row[value] = float(count)
    return found
