#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads that compute, sleep, recurse and raise, until the given time is over:

  workers.py SECONDS [DEPTH]

DEPTH: of the recursion (default 40). At the end it prints the functions with the CPU time that each has taken in
each thread, as JSON: {tid: {function: seconds}}.
"""

import collections
import json
import sys
import threading
import time

SECONDS = float(sys.argv[1])
DEPTH = int(sys.argv[2]) if len(sys.argv) > 2 else 40
spent = collections.defaultdict(lambda: collections.defaultdict(float))


def count(number):
    total = 0
    for value in range(number):
        total += value
    return total


def down(depth):
    if depth:
        return down(depth - 1)
    return count(3000)


def stumble():
    try:
        raise ValueError
    except ValueError:
        return count(3000)


def nap():
    time.sleep(0.004)


def timed(function, *args):
    begin = time.thread_time()
    function(*args)
    spent[threading.get_native_id()][function.__name__] += time.thread_time() - begin


def work(*functions):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for function, *args in functions:
            timed(function, *args)


threads = [
    threading.Thread(target=work, args=[(down, DEPTH), (nap,)], name="down"),
    threading.Thread(target=work, args=[(stumble,), (nap,)], name="st;umble 'é"),
]
for thread in threads:
    thread.start()
print("ready", flush=True)
work((count, 6000), (nap,))
for thread in threads:
    thread.join()
print(json.dumps(spent), flush=True)
