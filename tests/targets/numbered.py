# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two busy threads beside the main thread, each in a function that has PREFIX and the thread's own number
in its name. Prints these numbers as JSON, then "ready".

usage: numbered.py PREFIX [NUMBER NUMBER]

With numbers: which the threads are to have; for that it must be alone in its pid namespace.
"""

import json
import sys
import threading

LAST_PID = "/proc/sys/kernel/ns_last_pid"


def start(prefix, number):
    """Number of a new thread."""
    started, numbers = threading.Event(), []

    def run():
        own = threading.get_native_id()
        numbers.append(own)
        started.set()
        work(prefix, own)

    if number:
        with open(LAST_PID, "w") as file:
            file.write(str(number - 1))
    threading.Thread(target=run, daemon=True).start()
    started.wait()
    assert number in (None, numbers[0]), numbers
    return numbers[0]


def work(prefix, own):
    names = {}
    exec(f"def {prefix}_{own}():\n    while True: pass", names)
    names[f"{prefix}_{own}"]()


prefix, *wanted = sys.argv[1:]
threads = [start(prefix, int(number)) for number in wanted or ()] or [start(prefix, None) for _ in range(2)]
own = threading.get_native_id()
print(json.dumps([own, *threads]))
print("ready", flush=True)
work(prefix, own)
