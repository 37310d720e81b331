# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that makes functions, calls each once and forgets it, so that the addresses of their code
objects are used again and again. Their names say on which lines they are. Prints "ready" first, and in the
end as JSON: when each was called and when it was back (CLOCK_MONOTONIC in ns), and how many addresses
they had.

usage: churn.py SECONDS
"""
import json
import sys
import time

SOURCE = """{gap}
def inner_{number}_{first}_{last}(clock, end):
{body}
    while clock() < end:
        x = 1
    return x
def outer_{number}_{call}(clock, end):
    return inner_{number}_{first}_{last}(clock, end)
"""


def make(number):
    first = 2 + number * 7 % 50
    last = first + 4 + number // 100 % 3
    text = SOURCE.format(
        number=number,
        first=first,
        last=last,
        call=last + 2,
        gap="\n" * (first - 2),
        body="\n".join(["    x = 0"] * (last - first - 3)),
    )
    names = {}
    exec(compile(text, f"<churn {number}>", "exec"), names)
    return names[f"outer_{number}_{last + 2}"], names[f"inner_{number}_{first}_{last}"]


def main(seconds):
    truth, addresses = [], set()
    clock = time.thread_time
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        outer, inner = make(len(truth))
        addresses |= {id(outer.__code__), id(inner.__code__)}
        start = time.monotonic_ns()
        outer(clock, clock() + 0.0006)
        truth.append((start, time.monotonic_ns()))
        del outer, inner
    return truth, len(addresses)


print("ready", flush=True)
print(json.dumps(main(float(sys.argv[1]))))
