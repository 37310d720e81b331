#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program to profile: three threads at work with json, re and sqlite3.

  demo.py [SECONDS]     (default 8)

The first line on stdout is the process id. At the end it says how much CPU time each thread took by
its own clock, to compare with the profile.
"""

import json
import os
import re
import sqlite3
import sys
import threading
import time

WORDS = "the quick brown fox jumps over the lazy dog and 42 more at 10:30, 2025-11-05".split()


def make_order(number):
    items = [{"sku": f"A{number}-{i}", "price": i * 1.25, "tags": WORDS[i : i + 4]} for i in range(8)]
    return {"id": number, "customer": WORDS[number % 9], "items": items}


def encode_orders(orders):
    return json.dumps(orders, indent=1, sort_keys=True)


def total_price(orders):
    return sum(item["price"] for order in orders for item in order["items"])


def exchange_orders(number):
    """json: encode, decode, add up."""
    orders = [make_order(number + i) for i in range(20)]
    return total_price(json.loads(encode_orders(orders)))


NUMBERS = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)|(?P<time>\d\d:\d\d)|(?P<number>\d+)")


def mask(match):
    return f"<{match.lastgroup}>"


def scrub_text(number):
    """re: replace dates, times and numbers by a callback."""
    lines = [f"{number + i}: {' '.join(WORDS)}" for i in range(60)]
    return NUMBERS.sub(mask, "\n".join(lines))


def score(price):
    """Called by SQLite for every row."""
    points = 0
    for digit in str(price**40):
        points = points * 31 + ord(digit) & 0xFFFF
    return points


def query_database(number):
    """sqlite3: fill a table, sort it by a function written in Python."""
    with sqlite3.connect(":memory:") as base:
        base.create_function("score", 1, score)
        base.execute("create table item (name text, price integer)")
        rows = [(WORDS[i % 9], number * 7 + i) for i in range(200)]
        base.executemany("insert into item values (?, ?)", rows)
        best = base.execute("select name from item order by score(price) limit 5").fetchall()
    base.close()
    return best


def work(job, end, cpu):
    number = 0
    while time.monotonic() < end:
        job(number)
        number += 1
    cpu[job.__name__] = time.thread_time()


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    # SQLite gives the GIL away at every row and would wait 5 ms each time to get it back.
    sys.setswitchinterval(0.0005)
    print(os.getpid(), flush=True)
    end = time.monotonic() + seconds
    cpu = {}
    jobs = (exchange_orders, scrub_text, query_database)
    threads = [threading.Thread(target=work, args=(job, end, cpu), name=job.__name__) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = sum(cpu.values())
    print("CPU time by the program's own clock:")
    for job, used in sorted(cpu.items(), key=lambda pair: -pair[1]):
        print(f"  {job:16} {used:6.2f} s  {100 * used / total:4.1f} %")


if __name__ == "__main__":
    main()
