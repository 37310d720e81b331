# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program all of whose threads sleep, in different ways, and that says with which stacks.

usage: asleep.py TRUTH_FILE [spin]

Writes JSON, then prints "ready": for each thread by its native id, root first, [file, line, function] as
sys._current_frames() has them. With "spin" one more thread runs all the time, and is not in it.
"""

import json
import queue
import sys
import threading
import time


def sleep():
    time.sleep(1000)  # größer als nötig


def generate():
    yield 1
    sleep()
    yield 2


class Handler:
    def __init__(self):
        self.queue = queue.Queue()

    def wait(self):
        return [item for item in iter(self.queue.get, None)]

    def handle(self):
        try:
            raise ValueError
        except ValueError:
            sleep()

    def take(self):
        with lock:
            pass


def recurse(depth):
    if depth:
        return recurse(depth - 1)
    return list(
        generate(),
    )


def spin():
    number = 0
    while True:
        number += 1


def says(frame):
    found = []
    while frame:
        found.append([frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname])
        frame = frame.f_back
    return found[::-1]


def is_settled(before, now):
    return all(before.get(ident) == stack for ident, stack in now.items() if ident != threading.get_ident())


def report(path):
    """When no stack changes any more."""
    stacks, since = {}, time.monotonic()
    while time.monotonic() < since + 0.3:
        now = {ident: says(frame) for ident, frame in sys._current_frames().items()}
        if not is_settled(stacks, now):
            since = time.monotonic()
        stacks = now
        time.sleep(0.01)
    natives = {thread.ident: thread.native_id for thread in threading.enumerate()}
    del stacks[threading.get_ident()]
    with open(path, "w") as file:
        json.dump({natives[ident]: stack for ident, stack in stacks.items()}, file)
    if "spin" in sys.argv:
        threading.Thread(target=spin, daemon=True).start()
    print("ready", flush=True)
    sleep()


lock = threading.Lock()
lock.acquire()
handler = Handler()
for work in (handler.wait, handler.handle, handler.take, lambda: recurse(50)):
    threading.Thread(target=work, daemon=True).start()
threading.Thread(target=report, args=(sys.argv[1],), daemon=True).start()
sorted([1], key=lambda _: sleep())
