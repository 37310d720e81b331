# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program for two profilers at once. Its threads compute in Python, compute without the GIL, sleep, and sleep with
the GIL held, each with and without an exception, in random turns; the main thread, if it is alone, also computes
beside a process that wants the same CPU. The stack of a turn says in which section of the time it began: section_0,
section_1, ... Prints "ready" first, begins when the file GO is there, writes the truth as JSON, and waits to be ended:
for each turn [section, function or functions, seconds of wall time, of CPU time].

usage: sections.py SECTIONS SECONDS THREADS GO TRUTH_FILE
"""

import _sha2
import ctypes
import json
import os
import random
import signal
import sys
import threading
import time

DATA = bytes(200_000)
with_gil = ctypes.PyDLL(None)


def compute(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def compute_without_gil(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        _sha2.sha256(DATA)


def nap(seconds):
    time.sleep(seconds)


def nap_with_gil(seconds):
    with_gil.usleep(int(seconds * 1e6))


class Stop(Exception):
    pass


def in_except(work, seconds):
    try:
        raise Stop
    except Stop:
        work(seconds)


class Rival:
    """Another process, busy on one CPU when it is let."""

    def __init__(self):
        self.cpus = os.sched_getaffinity(0)
        self.cpu = min(self.cpus)
        self.pid = os.fork()
        if not self.pid:
            os.sched_setaffinity(0, {self.cpu})
            while True:
                pass
        os.kill(self.pid, signal.SIGSTOP)

    def compute_beside(self, seconds):
        os.sched_setaffinity(0, {self.cpu})
        os.kill(self.pid, signal.SIGCONT)
        end = time.perf_counter() + 2 * seconds
        while time.perf_counter() < end:
            pass
        os.kill(self.pid, signal.SIGSTOP)
        os.sched_setaffinity(0, self.cpus)


def section(number):
    """A function of this name that only calls."""
    names = {}
    exec(f"def section_{number}(work, *args):\n    work(*args)", names)
    return names[f"section_{number}"]


class Thread:
    """What one thread does, and its truth."""

    def __init__(self, sections, rival, seed):
        self.sections = [section(number) for number in range(sections)]
        self.work = [compute, compute_without_gil, nap, nap_with_gil]
        if rival:
            self.work.append(rival.compute_beside)
        self.rng = random.Random(seed)
        self.turns = []

    def run(self, seconds):
        begin = now = time.monotonic()
        while now < begin + seconds:
            number = int((now - begin) / seconds * len(self.sections))
            work = self.rng.choice(self.work)
            stack = self.rng.choice([[work], [in_except, work]])
            cpu = time.thread_time()
            self.sections[number](*stack, self.rng.uniform(0.001, 0.008))
            cpu = time.thread_time() - cpu
            start, now = now, time.monotonic()
            self.turns.append([number, [each.__name__ for each in stack], now - start, cpu])


def main(sections, seconds, threads, go, truth_path):
    rival = Rival() if threads == 1 else None
    begin = threading.Event()
    all_of_them = [Thread(sections, rival, seed) for seed in range(threads)]

    def wait_and_run(thread):
        begin.wait()
        thread.run(seconds)

    others = [threading.Thread(target=wait_and_run, args=(thread,)) for thread in all_of_them[1:]]
    for other in others:
        other.start()
    print("ready", flush=True)
    while not os.path.exists(go):
        time.sleep(0.01)
    begin.set()
    all_of_them[0].run(seconds)
    for other in others:
        other.join()
    with open(truth_path + ".part", "w") as file:
        json.dump([turn for thread in all_of_them for turn in thread.turns], file)
    os.rename(truth_path + ".part", truth_path)
    time.sleep(1000)


main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
