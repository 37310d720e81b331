# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows where its CPU time goes: functions called in random turns for random times, each
measured with the thread's own CPU clock. Prints "ready" first, writes the truth as JSON in the end: for each
turn [function, start, end in ns of CLOCK_MONOTONIC, ns of CPU time].

usage: shares.py SECONDS TRUTH_FILE
"""
import json
import random
import sys
import time


def spin(seconds):
    end = time.thread_time() + seconds
    n = 0
    while time.thread_time() < end:
        n += 1
    return n


def work_spin(seconds):
    return spin(seconds)


def work_dict(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        {str(i): i for i in range(200)}


def work_sort(seconds):
    end = time.thread_time() + seconds
    data = list(range(1000))
    while time.thread_time() < end:
        sorted(data, key=lambda x: -x)


def work_bytes(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        bytes(100_000).count(b"x")


def work_generator(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(i * i for i in range(300))


def work_small(seconds):
    return spin(seconds / 4)


WORK = [work_spin, work_dict, work_sort, work_bytes, work_generator, work_small]


def main(seconds, truth_path):
    rng = random.Random(7)
    turns = []
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work = rng.choice(WORK)
        amount = rng.uniform(0.002, 0.03)
        start, before = time.monotonic_ns(), time.thread_time_ns()
        work(amount)
        cpu_ns = time.thread_time_ns() - before
        turns.append((work.__name__, start, time.monotonic_ns(), cpu_ns))
    with open(truth_path, "w") as file:
        json.dump(turns, file)


main(float(sys.argv[1]), sys.argv[2])
