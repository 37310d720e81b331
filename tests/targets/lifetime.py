# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that is busy from its first line to the last moment that an interpreter has: beside a daemon
thread, after the end of the main thread's program, in atexit, when modules are cleared. Prints "ready"."""
import atexit
import sys
import threading
import time

BUSY_S = 0.1


def spin(clock=time.thread_time, busy_s=BUSY_S):  # globals are gone in the end
    end = clock() + busy_s
    while clock() < end:
        pass


def daemon():
    while True:
        spin()


def late():
    main.join()
    spin()


def at_exit():
    spin()


class Last:
    def __del__(self, spin=spin):
        spin()


sys.last = Last()
main = threading.main_thread()
atexit.register(at_exit)
threading.Thread(target=daemon, daemon=True).start()
threading.Thread(target=late).start()
spin()
print("ready", flush=True)
spin()
