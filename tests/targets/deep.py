# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A busy program with a stack of known depth, that counts its work.

usage: deep.py FRAMES WORK [SLEEPERS] PROGRESS_FILE

FRAMES frames in all, of 30 functions in turn, <module> included. WORK is what the leaf does: "loop", a
loop over small numbers, which leaves the caches to others; "memory", which walks over 20 MB and leaves
nothing of others in the caches. The number of units of work done is kept in the first 8 bytes of the
file. SLEEPERS threads sleep all the time. Prints "ready" when the stack stands.
"""
import mmap
import random
import sys
import threading
import time

FUNCTIONS = 30


def loop(progress):
    while True:
        x = 0
        for i in range(300):
            x ^= i
        progress[0] += 1


def memory(progress):
    words = [str(i) for i in range(200_000)]
    random.Random(1).shuffle(words)
    while True:
        x = 0
        for word in words:
            x += len(word)
            if word.endswith("77"):
                progress[0] += 1


def main(frames, leaf, progress):
    sys.setrecursionlimit(frames + 100)
    chain = []

    def ready():
        print("ready", flush=True)
        leaf(progress)

    for i in range(FUNCTIONS):
        text = f"def step_{i}(n):\n    if n:\n        chain[(n - 1) % {FUNCTIONS}](n - 1)\n    else:\n        ready()\n"
        names = {"chain": chain, "ready": ready}
        exec(compile(text, f"deep_{i}.py", "exec"), names)
        chain.append(names[f"step_{i}"])
    n = frames - 5  # <module>, main, step with n = 0, ready, leaf
    chain[n % FUNCTIONS](n)


for _ in range(int(sys.argv[3]) if len(sys.argv) > 4 else 0):
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
with open(sys.argv[-1], "r+b") as file:
    counter = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
main(int(sys.argv[1]), {"loop": loop, "memory": memory}[sys.argv[2]], counter)
