# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that says at any time where it is: its threads wander through calls of many kinds to one
place, leaf(), and publish which stack they had there, from when to when, in shared memory.

usage: published.py TRACK_FILE STACKS_FILE THREADS

TRACK_FILE, mapped: per thread a struct SLOT, then CAPACITY structs VISIT (tests/lib/published.py reads
them). STACKS_FILE: a line of JSON per distinct stack, [[file, qualified name, line], ...], root first, the
last of them leaf() with its first and its last line. Prints "ready", runs until it is ended.
"""

import json
import mmap
import os
import random
import struct
import sys
import threading
import time

SLOT = struct.Struct("=QQ")  # native id of the thread, visits so far
VISIT = struct.Struct("=QQQ")  # number of the stack, from when, until when: ns of CLOCK_MONOTONIC
CAPACITY = 200_000
SLOT_SZ = SLOT.size + CAPACITY * VISIT.size


class Stacks:
    """Numbers for stacks, as the interpreter tells them."""

    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8", errors="surrogateescape")
        self.lock = threading.Lock()
        self.numbers = {}

    def number(self, frame):
        """Of the stack that ends in this frame's caller."""
        key = []
        above = frame.f_back
        while above:
            key += (above.f_code.co_filename, above.f_code.co_qualname, above.f_lineno)
            above = above.f_back
        key = tuple(key)
        if key not in self.numbers:
            with self.lock:
                if key not in self.numbers:
                    self.add(key, frame)
        return self.numbers[key]

    def add(self, key, frame):
        first, last = LEAF_LINES
        rows = [[frame.f_code.co_filename, frame.f_code.co_qualname, first, last]]
        while frame := frame.f_back:
            rows.append([frame.f_code.co_filename, frame.f_code.co_qualname, frame.f_lineno])
        self.file.write(json.dumps(rows[::-1]) + "\n")
        self.file.flush()
        self.numbers[key] = len(self.numbers)


class Track:
    """Where one thread was."""

    def __init__(self, memory, index, stacks, seed):
        self.memory, self.at = memory, index * SLOT_SZ
        self.stacks = stacks
        self.random = random.Random(seed)
        self.visits = 0

    def publish(self, stack, begin, end):
        if self.visits == CAPACITY:
            return
        VISIT.pack_into(self.memory, self.at + SLOT.size + self.visits * VISIT.size, stack, begin, end)
        self.visits += 1
        SLOT.pack_into(self.memory, self.at, threading.get_native_id(), self.visits)


def leaf(track, clock=time.monotonic_ns):
    stack = track.stacks.number(sys._getframe())
    rounds = track.random.randrange(200, 20_000)
    begin = clock()
    total = 0
    for number in range(rounds):
        if number & 1:
            total += number
    end = clock()
    track.publish(stack, begin, end)


def leaf_lines():
    """From the line that reads the clock first to the line that reads it last."""
    code = leaf.__code__
    lines = sorted({line for *_, line in code.co_lines() if line})
    return lines[3], lines[-2]


LEAF_LINES = leaf_lines()


# --- ways to go one call deeper ------------------------------------------------------------------


def plain(track, rest):
    step(track, rest)


def generator(track, rest):
    def inner():
        yield 1
        step(track, rest)
        yield 2

    for _ in inner():
        pass


def delegated(track, rest):
    def inner():
        step(track, rest)
        yield 1

    def outer():
        yield from inner()

    list(outer())


def coroutine(track, rest):
    async def inner():
        step(track, rest)

    async def outer():
        await inner()

    try:
        outer().send(None)
    except StopIteration:
        pass


class Made:
    def __init__(self, track, rest):
        step(track, rest)

    @property
    def reached(self):
        return step(*self.args)


def constructor(track, rest):
    Made(track, rest)


def getter(track, rest):
    made = Made.__new__(Made)
    made.args = track, rest
    made.reached


def key_function(track, rest):
    sorted([1], key=lambda _: step(track, rest))


def comprehension(track, rest):
    [step(track, rest) for _ in (1,)]


def generator_expression(track, rest):
    any(step(track, rest) for _ in (1,))


def class_body(track, rest):
    class Body:
        step(track, rest)


def evaluated(track, rest):
    exec("\n\nstep(track, rest)", {"step": step, "track": track, "rest": rest})


def handler(track, rest):
    try:
        raise ValueError
    except ValueError:
        step(track, rest)


WAYS = [plain, generator, delegated, coroutine, constructor, getter, key_function, comprehension]
WAYS += [generator_expression, class_body, evaluated, handler]


def step(track, rest):
    if rest:
        rest[0](track, rest[1:])
    else:
        leaf(track)


def wander(track):
    # A few paths, so that a path is taken again and code that is specialised by then is met.
    paths = [track.random.choices(WAYS, k=track.random.randrange(1, 12)) for _ in range(40)]
    paths += [[way] * 3 for way in WAYS]
    while True:
        step(track, track.random.choice(paths))


def main(track_path, stacks_path, threads):
    stacks = Stacks(stacks_path)
    with open(track_path, "w+b") as file:
        os.ftruncate(file.fileno(), threads * SLOT_SZ)
        memory = mmap.mmap(file.fileno(), threads * SLOT_SZ)
    tracks = [Track(memory, index, stacks, seed=index) for index in range(threads)]
    for track in tracks[1:]:
        threading.Thread(target=wander, args=(track,), daemon=True).start()
    print("ready", flush=True)
    wander(tracks[0])


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
