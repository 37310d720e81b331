# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that makes 5,000 functions a second, calls each once and forgets it, so that the addresses of
their code objects are used again and again. Their names say on which lines they are. Prints "ready" first,
and in the end as JSON: when each pair was called and when it was back (CLOCK_MONOTONIC in ns), how many
addresses they had, and how long it all took (s).

usage: churn.py SECONDS [KEPT]      KEPT: make so many pairs in advance, and call them again and again
"""
import json
import sys
import time

PAIR_NS = 400_000  # an outer function and an inner one

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


def main(seconds, kept):
    truth, addresses = [], set()
    clock = time.monotonic_ns
    pairs = [make(number) for number in range(kept)]
    begin = due = clock()
    while due < begin + seconds * 1e9:
        outer, inner = pairs[len(truth) % kept] if kept else make(len(truth))
        addresses |= {id(outer.__code__), id(inner.__code__)}
        start = clock()
        due += PAIR_NS
        outer(clock, max(due, start + PAIR_NS // 8))
        truth.append((start, clock()))
        del outer, inner
    return truth, len(addresses), (clock() - begin) / 1e9


print("ready", flush=True)
print(json.dumps(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)))
