# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows who holds the GIL and who waits for it: a thread that computes in C and never lets go of it
there, one that computes without it, and two that sleep and want it back each time. Prints "ready" first, begins
when the file GO is there, writes the truth as JSON in the end, by thread id, and waits to be ended. In seconds:

  name: of the thread's function
  wall: how long it ran
  cpu: on a CPU
  without: of that, computing without the GIL
  asleep: as it asked for

All that is left is time waiting for a CPU, which the kernel knows, and for the GIL.

usage: gil.py SECONDS GO TRUTH_FILE
"""

import _sha2
import json
import os
import sys
import threading
import time

NUMBERS = range(100_000)
DATA = bytes(3_000_000)
NAP_S = 0.003


def hold():
    """Counts in C, with the GIL."""
    sum(NUMBERS)
    return 0, 0


def release():
    """Computes in C, without it."""
    before = time.thread_time()
    _sha2.sha256(DATA)
    return time.thread_time() - before, 0


def wait():
    time.sleep(NAP_S)
    return 0, NAP_S


def wait_too():
    return wait()


def measure(work, seconds, turn, begun, truth):
    # No lock or barrier, where threads would wait for each other and for the GIL while nobody measures.
    while len(begun) < turn:
        time.sleep(NAP_S)
    begin, cpu_begin = time.monotonic(), time.thread_time()
    begun.append(work)
    without = asleep = 0
    while time.monotonic() - begin < seconds:
        more_without, more_asleep = work()
        without += more_without
        asleep += more_asleep
    truth[threading.get_native_id()] = {
        "name": work.__name__,
        "wall": time.monotonic() - begin,
        "cpu": time.thread_time() - cpu_begin,
        "without": without,
        "asleep": asleep,
    }
    time.sleep(1000)


def main(seconds, go_path, truth_path):
    # One begins after the other, the one that all wait for as the last.
    work = (wait, wait_too, release, hold)
    begun, truth = [], {}
    for turn, each in enumerate(work, 1):
        threading.Thread(target=measure, args=(each, seconds, turn, begun, truth), daemon=True).start()
    print("ready", flush=True)
    while not os.path.exists(go_path):
        time.sleep(0.01)
    begun.append(main)
    while len(truth) < len(work):
        time.sleep(0.01)
    with open(truth_path + ".part", "w") as file:
        json.dump(truth, file)
    os.rename(truth_path + ".part", truth_path)
    time.sleep(1000)


main(float(sys.argv[1]), *sys.argv[2:])
