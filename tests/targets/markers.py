# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows how long it collects garbage, and how long Python code runs that C code has called:
functions in random turns for random times, each measured with the thread's own CPU clock. Prints "ready"
first, writes the truth as JSON in the end: for each turn [function, start, end in ns of CLOCK_MONOTONIC, ns of
CPU time].

usage: markers.py SECONDS TRUTH_FILE
"""

import ctypes
import gc
import json
import random
import sys
import time

turns = []
amount = 0.0
KEPT = [[] for _ in range(100_000)]  # what a collection has to look at
CALLBACK = ctypes.CFUNCTYPE(None)


def turn(function, start, before):
    turns.append((function, start, time.monotonic_ns(), time.thread_time_ns() - before))


def spin():
    end = time.thread_time() + amount
    while time.thread_time() < end:
        pass


def work():
    start, before = time.monotonic_ns(), time.thread_time_ns()
    spin()
    turn("work", start, before)


def collect():
    start, before = time.monotonic_ns(), time.thread_time_ns()
    gc.collect()
    turn("collect", start, before)


def finalize():
    start, before = time.monotonic_ns(), time.thread_time_ns()
    spin()
    turn("finalize", start, before)


class Cycle:
    def __init__(self):
        self.me = self

    def __del__(self):
        finalize()


def reclaim():
    Cycle()
    gc.collect()


def key(value):
    start, before = time.monotonic_ns(), time.thread_time_ns()
    spin()
    turn("key", start, before)
    return value


def sort():
    sorted([1, 2], key=key)


def called_back():
    start, before = time.monotonic_ns(), time.thread_time_ns()
    spin()
    turn("called_back", start, before)


def call_c():
    CALLBACK(called_back)()


def main(seconds, truth_path):
    global amount
    rng = random.Random(7)
    gc.collect()
    gc.disable()  # only when it is said
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        amount = rng.uniform(0.002, 0.02)
        rng.choice([work, collect, reclaim, sort, call_c])()
    with open(truth_path, "w") as file:
        json.dump(turns, file)


main(float(sys.argv[1]), sys.argv[2])
