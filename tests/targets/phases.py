# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that is busy all the time, in step with a clock: in each tenth of every exact millisecond in another
function, phase_0 to phase_9. Prints "ready" first, writes the truth as JSON in the end: for each function [seconds,
seconds of CPU time].

usage: phases.py SECONDS TRUTH_FILE
"""

import json
import sys
import time

TENTH_NS = 100_000


def make(name):
    names = {"now_ns": time.perf_counter_ns}
    exec(f"def {name}(until):\n    while now_ns() < until:\n        pass", names)
    return names[name]


def main(seconds, truth_path):
    phases = [make(f"phase_{number}") for number in range(10)]
    truth = {phase.__name__: [0, 0] for phase in phases}
    print("ready", flush=True)
    now, cpu = time.perf_counter_ns(), time.thread_time_ns()
    end = now + int(seconds * 1e9)
    while now < end:
        tenth = now // TENTH_NS
        phase = phases[tenth % 10]
        phase((tenth + 1) * TENTH_NS)
        times = truth[phase.__name__]
        before, cpu_before = now, cpu
        now, cpu = time.perf_counter_ns(), time.thread_time_ns()
        times[0] += (now - before) / 1e9
        times[1] += (cpu - cpu_before) / 1e9
    with open(truth_path, "w") as file:
        json.dump(truth, file)


main(float(sys.argv[1]), sys.argv[2])
