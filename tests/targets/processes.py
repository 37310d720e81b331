# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A process with threads and children that come and go, which knows what they were. Prints "ready", does
what KIND says for so many seconds, and prints what happened as JSON.

usage: processes.py KIND SECONDS
"""
import json
import multiprocessing
import os
import sys
import threading
import time


def spin(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def worker(number):
    names = {"spin": spin}
    exec(f"def worker_{number}(): spin(0.0003)", names)
    return names[f"worker_{number}"]


def threads(seconds):
    """1,000 threads a second. Of each: its id, its worker, and a time in which it lived, in ns of
    CLOCK_MONOTONIC."""
    workers = [worker(number) for number in range(10)]
    said = [[threading.get_native_id(), "threads", time.monotonic_ns(), None]]
    running = []

    def run(about, work):
        about[0] = threading.get_native_id()
        work()

    def finish(thread, about):
        thread.join()
        about[3] = time.monotonic_ns()

    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        work = workers[len(said) % len(workers)]
        about = [None, work.__name__, time.monotonic_ns(), None]
        said.append(about)
        thread = threading.Thread(target=run, args=(about, work))
        thread.start()
        running.append((thread, about))
        if len(running) > 3:
            finish(*running.pop(0))
        time.sleep(max(0, begin + len(said) / 1000 - time.monotonic()))
    for thread, about in running:
        finish(thread, about)
    said[0][3] = time.monotonic_ns()
    return said


def in_parent():
    spin(0.002)


def in_child(*_):
    spin(0.001)


def forks(seconds):
    """Children that do what the parent does, at the same time; their number."""
    cnt = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        children = []
        for _ in range(4):
            child = os.fork()
            if not child:
                in_child()
                os._exit(0)
            children.append(child)
        in_parent()
        cnt += len(children)
        for child in children:
            os.waitpid(child, 0)
    return cnt


def pool(seconds):
    """The same by multiprocessing; the number of tasks, and the ids of the parent's threads."""
    cnt = 0
    end = time.monotonic() + seconds
    tids = set()
    while time.monotonic() < end:
        with multiprocessing.get_context("fork").Pool(2) as workers:
            result = workers.map_async(in_child, range(20))
            tids |= {thread.native_id for thread in threading.enumerate()}
            in_parent()
            result.wait()
            cnt += 20
    return cnt, list(tids)


if __name__ == "__main__":
    print("ready", flush=True)
    what = globals()[sys.argv[1]](float(sys.argv[2]))
    print(json.dumps(what), flush=True)
