# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads that stand still in known places, and what the interpreter itself says of them: prints one
line of JSON, then "ready".

  threads: {native thread id: frames, leaf first: [qualname, filename, first line, f_lasti, line table]}
  reporter: native id of the thread that says so (and is not among the threads)
  codes: addresses of code objects in the order in which they were made
"""

import json
import sys
import threading
import time

never = threading.Event()


def generator():
    yield from (never.wait() for _ in range(1))


def straight():
    return [value for value in generator()]


class Größe:
    def 数(self):
        # Through C and back: a second entry frame in the chain.
        return sorted([1], key=lambda _: self.𐌰())

    def 𐌰(self):
        never.wait()


def nested(depth):
    if depth:
        return nested(depth - 1)
    return Größe().数()


def describe(frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append(
            [
                code.co_qualname,
                code.co_filename,
                code.co_firstlineno,
                frame.f_lasti,
                code.co_linetable.hex(),
            ]
        )
        frame = frame.f_back
    return frames


def look(me):
    native = {thread.ident: thread.native_id for thread in threading.enumerate()}
    return {
        native[ident]: describe(frame)
        for ident, frame in sys._current_frames().items()
        if ident != me
    }


def report():
    codes = [compile(f"x = {number}", f"file{number}", "exec") for number in range(100)]
    me = threading.get_ident()
    while True:
        threads = look(me)
        if all(frames[0][0] == "Condition.wait" for frames in threads.values()):
            time.sleep(0.05)
            if len(threads) == 3 and look(me) == threads:
                break
        time.sleep(0.005)
    reporter = threading.get_native_id()
    print(json.dumps({"threads": threads, "reporter": reporter, "codes": [id(c) for c in codes]}))
    print("ready", flush=True)
    time.sleep(1000)
    return codes


threading.Thread(target=report, daemon=True).start()
threading.Thread(target=straight, daemon=True).start()
threading.Thread(target=nested, args=(100,), daemon=True).start()
nested(3)
