# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Threads of all kinds, which know their ids and their CPU times. Prints "ready", waits until the file
GO exists, does what KIND says, and prints what it was as JSON.

usage: threads.py GO KIND [LIBRARY]
"""
import ctypes
import json
import os
import sys
import threading
import time


def spin(seconds):
    start = time.thread_time()
    while time.thread_time() < start + seconds:
        pass
    return time.thread_time() - start


def python(_):
    """The main thread and two others, all busy for the same CPU time, in functions of their own."""
    said = {}

    def first():
        said["first"] = threading.get_native_id()
        spin(0.25)

    def second():
        said["second"] = threading.get_native_id()
        spin(0.25)

    def main():
        said["main"] = threading.get_native_id()
        spin(0.25)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    main()
    for thread in threads:
        thread.join()
    return said


class Library:
    def __init__(self, path):
        self.functions = ctypes.CDLL(path)
        self.functions.burn_start.restype = ctypes.c_void_p
        self.functions.burn_start.argtypes = (
            *(ctypes.c_char_p, ctypes.c_int, ctypes.c_double),
            ctypes.c_void_p,
        )

    def start(self, name, rounds, round_s, call=None):
        burner = self.functions.burn_start(name.encode(), rounds, round_s, call)
        return ctypes.c_void_p(burner)

    def join(self, burner):
        tid, burnt = ctypes.c_int(), ctypes.c_double()
        self.functions.burn_join(burner, ctypes.byref(tid), ctypes.byref(burnt))
        return {"tid": tid.value, "burnt_s": burnt.value}


def bare(path):
    """Two threads without Python beside the main thread."""
    library = Library(path)
    burners = {name: library.start(name, 1, seconds) for name, seconds in (("blas: 1", 0.6), ("io", 0.2))}
    spin(0.1)
    return {name: library.join(burner) for name, burner in burners.items()}


def caller(path):
    """A thread of C that calls Python now and then: it has a thread state while it does."""
    library = Library(path)
    spent = []

    def called():
        spent.append(spin(0.02))

    callback = ctypes.CFUNCTYPE(None)(called)
    said = library.join(library.start("caller", 20, 0.02, ctypes.cast(callback, ctypes.c_void_p)))
    return said | {"called_s": sum(spent), "calls": len(spent)}


INSIDE = """
import time
def inside(seconds):
    start = time.thread_time()
    while time.thread_time() < start + seconds:
        pass
inside(0.06)
"""


def interpreters(config):
    """In turns: the main interpreter, and another one in the same thread."""
    import _interpreters

    interpreter = _interpreters.create(config)

    def outside():
        spin(0.06)

    for _ in range(8):
        outside()
        assert _interpreters.exec(interpreter, INSIDE) is None
    _interpreters.destroy(interpreter)


def parallel(_):
    """Two interpreters with locks of their own, in two threads at the same time."""
    import _interpreters

    said = {}

    def run():
        said["other"] = threading.get_native_id()
        interpreter = _interpreters.create("isolated")
        assert _interpreters.exec(interpreter, INSIDE * 5) is None

    def outside():
        said["main"] = threading.get_native_id()
        spin(0.3)

    thread = threading.Thread(target=run)
    thread.start()
    outside()
    thread.join()
    return said


def fork(_):
    """A child that does the same as its parent."""
    child = os.fork()

    def in_parent():
        spin(0.3)

    def in_child():
        spin(0.3)

    if child == 0:
        in_child()
        os._exit(0)
    in_parent()
    os.waitpid(child, 0)


if __name__ == "__main__":
    print("ready", flush=True)
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.01)
    what = globals()[sys.argv[2]](sys.argv[3] if len(sys.argv) > 3 else None)
    print(json.dumps(what), flush=True)
