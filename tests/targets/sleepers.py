# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads that wait 20 calls deep and never wake; the main thread sleeps. Prints "ready" when all of them do.

usage: sleepers.py THREADS
"""

import sys
import threading
import time

event = threading.Event()
there = threading.Semaphore(0)


def wait(depth):
    if depth:
        wait(depth - 1)
    else:
        there.release()
        event.wait()


threads = int(sys.argv[1])
for _ in range(threads):
    threading.Thread(target=wait, args=(20,), daemon=True).start()
for _ in range(threads):
    there.acquire()
time.sleep(0.2)
print("ready", flush=True)
time.sleep(600)
