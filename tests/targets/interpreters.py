# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that makes an interpreter, lets it run a function, destroys it and makes the next: each makes
the same objects in the same order, so often at the same addresses and with the same version numbers. The
function has the number of its interpreter in its name. Prints "ready" first.

usage: interpreters.py KIND COUNT       KIND: legacy (all share one GIL), isolated
"""
import _interpreters
import sys

SOURCE = """
import time
def task_{number:04d}():
    end = time.thread_time() + 0.05
    while time.thread_time() < end:
        pass
task_{number:04d}()
"""


def main(kind, count):
    for _ in range(count):
        interpreter = _interpreters.create(kind)
        problem = _interpreters.run_string(interpreter, SOURCE.format(number=interpreter))
        if problem:
            sys.exit(str(problem))
        _interpreters.destroy(interpreter)


print("ready", flush=True)
main(sys.argv[1], int(sys.argv[2]))
