# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that does all it can to stay in step with a profiler: a thread that is busy for 0.3 ms of every
millisecond, one for 3 ms of every ten, and one whose sleeps of 0.4 and 0.6 ms take turns. Prints "ready" first,
writes the truth as JSON in the end: {function: seconds}.

usage: rhythm.py SECONDS TRUTH_FILE
"""

import collections
import json
import sys
import threading
import time


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def fast_busy():
    busy(0.0003)


def fast_rest(until):
    time.sleep(max(0, until - time.perf_counter()))


def slow_busy():
    busy(0.003)


def slow_rest(until):
    time.sleep(max(0, until - time.perf_counter()))


def nap_short():
    time.sleep(0.0004)


def nap_long():
    time.sleep(0.0006)


def measured(truth, work, *args):
    start = time.perf_counter()
    work(*args)
    truth[work.__name__] += time.perf_counter() - start


def beat(truth, end, period, work, rest):
    next_time = time.perf_counter()
    while next_time < end:
        measured(truth, work)
        next_time += period
        measured(truth, rest, next_time)


def naps(truth, end):
    while time.perf_counter() < end:
        measured(truth, nap_short)
        measured(truth, nap_long)


def main(seconds, truth_path):
    truth = collections.Counter()
    print("ready", flush=True)
    end = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=beat, args=(truth, end, 0.001, fast_busy, fast_rest)),
        threading.Thread(target=beat, args=(truth, end, 0.010, slow_busy, slow_rest)),
        threading.Thread(target=naps, args=(truth, end)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(truth_path, "w") as file:
        json.dump(truth, file)


main(float(sys.argv[1]), sys.argv[2])
