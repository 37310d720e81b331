# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Who holds the GIL and who wants it: hold() computes in C and never lets go of it, want() has slept and wants it back,
lock() waits for a lock, sleep() sleeps on. Writes JSON, {function: native id}, then prints "ready", and a second
later everything is so, until it is ended.

usage: wants.py TRUTH_FILE
"""

import json
import sys
import threading
import time

NEVER = threading.Lock()
NEVER.acquire()


def hold():
    time.sleep(0.5)
    sum(range(10**12))


def want():
    while True:
        time.sleep(0.7)


def lock():
    NEVER.acquire()


def sleep():
    time.sleep(1000)


threads = [threading.Thread(target=work, daemon=True) for work in (hold, want, lock, sleep)]
for thread in threads:
    thread.start()
with open(sys.argv[1], "w", encoding="ascii") as file:
    json.dump({thread._target.__name__: thread.native_id for thread in threads}, file)
print("ready", flush=True)
time.sleep(1000)
