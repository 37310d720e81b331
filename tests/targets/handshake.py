# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two threads in a hand-shake: while one is in a_K, the other one is in b_K or b_(K-1), or between them.

Each waits inside of its function for what the other one does inside of the next one. Prints "ready" first, runs for
the given number of seconds.
"""
import sys
import threading
import time

PHASES = 6
TEMPLATE = """
def a_{k}():
    spin()
    go[{k}].release()
    spin()
    done[{k}].acquire()
    spin()


def b_{k}():
    spin()
    done[{k}].release()
    spin()
    go[{next}].acquire()
    spin()
"""

go = [threading.Lock() for _ in range(PHASES)]
done = [threading.Lock() for _ in range(PHASES)]


def spin():
    for _ in range(100):
        pass


for k in range(PHASES):
    exec(TEMPLATE.format(k=k, next=(k + 1) % PHASES))


def run_a(end):
    rounds = [globals()[f"a_{k}"] for k in range(PHASES)]
    while time.monotonic() < end:
        for step in rounds:
            step()


def run_b():
    rounds = [globals()[f"b_{k}"] for k in range(PHASES)]
    go[0].acquire()
    while True:
        for step in rounds:
            step()


for lock in go + done:
    lock.acquire()
threading.Thread(target=run_b, daemon=True).start()
print("ready", flush=True)
run_a(time.monotonic() + float(sys.argv[1]))
