# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows where its wall-clock time goes: its main thread sleeps, computes, waits for a lock and
for a pipe, from 0.2 ms to 0.2 s at a time, in random turns. Prints "ready" first, writes the truth as JSON in the
end: for each turn [function, start, end in ns of CLOCK_MONOTONIC, ns that count].

usage: waits.py SECONDS TRUTH_FILE
"""

import json
import os
import random
import sys
import threading
import time

lock = threading.Lock()
take = threading.Semaphore(0)
taken = threading.Semaphore(0)
there, back = os.pipe(), os.pipe()


def hold():
    """Holds the lock for a while, whenever it is told to."""
    while True:
        take.acquire()
        with lock:
            taken.release()
            time.sleep(0.003)


def echo():
    while os.read(there[0], 1):
        os.write(back[1], b"x")


def sleep_short():
    time.sleep(0.0002)


def sleep_middle():
    time.sleep(0.004)


def sleep_long():
    time.sleep(0.2)


def compute():
    end = time.perf_counter() + 0.01
    while time.perf_counter() < end:
        pass


def compute_little():
    end = time.perf_counter() + 0.0005
    while time.perf_counter() < end:
        pass


def wait_for_lock():
    take.release()
    taken.acquire()
    with lock:
        pass


def ask_pipe():
    for _ in range(50):
        os.write(there[1], b"x")
        os.read(back[0], 1)


TURNS = [sleep_short] * 8 + [sleep_middle] * 4 + [compute] * 3 + [compute_little] * 8
TURNS += [wait_for_lock] * 4 + [ask_pipe] * 4 + [sleep_long]


def main(seconds, truth_path):
    rng = random.Random(7)
    for work in (hold, echo):
        threading.Thread(target=work, daemon=True).start()
    print("ready", flush=True)
    turns = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work = rng.choice(TURNS)
        start = time.monotonic_ns()
        work()
        now = time.monotonic_ns()
        turns.append((work.__name__, start, now, now - start))
    with open(truth_path, "w") as file:
        json.dump(turns, file)


main(float(sys.argv[1]), sys.argv[2])
