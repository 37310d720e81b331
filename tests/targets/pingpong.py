# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two threads that wake each other through pipes, and count the rounds.

usage: pingpong.py PROGRESS_FILE

The number of rounds is kept in the first 8 bytes of the file. Prints "ready" first.
"""
import mmap
import os
import sys
import threading


def echo(source, sink):
    while True:
        os.write(sink, os.read(source, 1))


def serve(source, sink, progress):
    while True:
        os.write(sink, b"x")
        os.read(source, 1)
        progress[0] += 1


with open(sys.argv[1], "r+b") as file:
    counter = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
there, back = os.pipe(), os.pipe()
threading.Thread(target=echo, args=(there[0], back[1]), daemon=True).start()
print("ready", flush=True)
serve(back[0], there[1], counter)
