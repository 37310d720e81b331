# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows what its main thread does when: computes, sleeps with an exception, collects garbage, computes
in C without the GIL. Another thread, "napper", only sleeps. Prints "ready" first, begins when the file GO is there,
and writes the truth as JSON in the end: a list of [function, begin, end, CPU time], in ns, of the clock that
time.monotonic_ns() reads. Then it waits to be ended.

usage: states.py TURNS GO TRUTH_FILE
"""

import _sha2
import gc
import json
import os
import sys
import threading
import time

TURN_S = 0.25
DATA = bytes(4_000_000)
LOOKED_AT = [[] for _ in range(200_000)]


def until(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield


def compute():
    for _ in until(TURN_S):
        sum(number for number in range(2000))


def handle():
    try:
        raise ValueError
    except ValueError:
        time.sleep(TURN_S)


def collect():
    for _ in until(TURN_S):
        gc.collect()


def digest():
    for _ in until(TURN_S):
        _sha2.sha256(DATA)


def nap():
    while True:
        time.sleep(3600)


def measure(function):
    begin, cpu = time.monotonic_ns(), time.thread_time_ns()
    function()
    return [function.__name__, begin, time.monotonic_ns(), time.thread_time_ns() - cpu]


def main():
    turns, go, path = sys.argv[1:]
    gc.disable()
    threading.Thread(target=nap, name="napper", daemon=True).start()
    print("ready", flush=True)
    while not os.path.exists(go):
        time.sleep(0.01)
    truth = [measure(function) for _ in range(int(turns)) for function in (compute, handle, collect, digest)]
    with open(path + ".new", "w") as file:
        json.dump(truth, file)
    os.rename(path + ".new", path)
    time.sleep(3600)


main()
