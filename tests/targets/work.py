# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program with one chain of calls, busy for the given number of seconds of wall time. Prints "ready"
first."""
import sys
import time


def leaf(n):
    return sum(i * i for i in range(n))


def middle(n):
    return leaf(n) + leaf(n // 2)


def work(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        middle(1000)


print("ready", flush=True)
work(float(sys.argv[1]))
