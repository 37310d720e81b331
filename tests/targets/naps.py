# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads that call down one chain of generators after the other and take a nap at each end: chain_C_0 to
chain_C_15, each calling the next one of its chain. Their frames lie here and there, and are used again. Prints
"ready" first.

usage: naps.py THREADS
"""

import random
import sys
import threading
import time

DEPTH = 16


def rest():
    time.sleep(0.00002)


for chain in range(8):
    for depth in range(DEPTH):
        body = f"yield from chain_{chain}_{depth + 1}()" if depth + 1 < DEPTH else "yield rest()"
        exec(f"def chain_{chain}_{depth}():\n    {body}")


def nap():
    while True:
        for _ in globals()[f"chain_{random.randrange(8)}_0"]():
            pass


for _ in range(int(sys.argv[1])):
    threading.Thread(target=nap, daemon=True).start()
print("ready", flush=True)
nap()
