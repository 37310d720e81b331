# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program of all shapes of stacks, each in turns of the same CPU time.

Prints as JSON which shapes this interpreter cannot have and why, then "ready".

usage: shapes.py run SECONDS FILE       writes the turns to the file, as shares.py
       shapes.py stacks SECONDS FILE    writes all stacks that it can have to the file (stacks.py)
"""
import contextlib
import functools
import importlib.machinery
import json
import re
import signal
import sys
import time
import weakref

import shape_kit
from shape_kit import deep_shape, deep_shapes, shape, shapes, spin
from shapes_suspended import Manager, missing
from stacks import Recorder

TURN_S = 0.01
alarm_s = 0.0005


def down(depth):
    if depth:
        return down(depth - 1)
    for _ in range(1000):  # much longer than the way down
        spin()


@deep_shape
def recursion():
    down(4990)


@deep_shape
def recursion_beyond_the_limit():
    down(9000)


class Base:
    def __init__(self):
        spin()


class Derived(Base):
    def __init__(self, *, again):
        super().__init__()
        self.base = Base() if again else None
        spin()


@shape
def init():
    for _ in range(3):
        Base()
        Derived(again=True)


class Meta(type):
    @classmethod
    def __prepare__(mcs, name, bases):
        spin()
        return {}

    def __new__(mcs, name, bases, names):
        spin()
        return super().__new__(mcs, name, bases, names)


class Named:
    def __set_name__(self, owner, name):
        spin()


@shape
def class_bodies():
    class Outer(metaclass=Meta):
        spin()
        named = Named()

        class Inner:
            values = [spin() for _ in range(2)]

        def __init_subclass__(cls):
            spin()

    class Sub(Outer):
        spin()


@shape
def comprehensions():
    [[spin() for _ in range(2)] for _ in range(2)]
    {spin(): spin(i) for i in range(2)}
    {spin(i) for i in range(2)}
    list(spin(i) for i in (spin(j) for j in range(2)))
    [call() for call in [lambda i=i: spin(i) for i in range(2)]]


@shape
def lambdas():
    (lambda: (lambda x: spin(x))(
        spin()
    ))()


def decorator(function):
    spin()

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        spin()
        return function(*args, **kwargs)

    return wrapper


@contextlib.contextmanager
def manager():
    spin()
    yield
    spin()


@shape
def decorators():
    @decorator
    @decorator
    def decorated(a, *, b):
        spin()

    @functools.lru_cache
    def cached(a):
        spin()

    decorated(1, b=2)
    cached(1)
    functools.partial(spin, 1)()
    with manager():
        spin()


def compare(a, b):
    spin()
    return a - b


@shape
def called_from_c():
    sorted((3, 1, 2), key=lambda x: spin() or x)
    sorted((3, 1, 2), key=functools.cmp_to_key(compare))
    max((1, 2), key=spin)
    functools.reduce(lambda a, b: spin(a, b), (1, 2, 3))
    re.sub("a|b", lambda match: str(spin()), "abc")
    list(map(spin, (1, 2)))
    list(filter(spin, (1, 2)))


try:
    import ctypes
except OSError as why:  # linked statically, with musl
    missing["ctypes_callback"] = str(why)
else:

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    def callback(depth):
        return callback(depth - 1) if depth else spin()

    @shape
    def ctypes_callback():
        callback(3)
        spin()


class Operators:
    def __add__(self, other):
        return spin()

    def __eq__(self, other):
        return spin() == 0

    def __hash__(self):
        return spin()

    def __getitem__(self, at):
        return spin()

    def __getattr__(self, name):
        return spin()

    def __call__(self):
        return spin()

    def __iter__(self):
        return iter(spin, 0)

    def __contains__(self, other):
        return spin()

    @property
    def value(self):
        return spin()


class Everything:
    def __getattribute__(self, name):
        return spin()


@shape
def operators():
    x = Operators()
    for _ in range(3):
        x + 1, x == 1, x[2], x.missing, x(), x.value, list(x), 3 in x, hash(x)
        Everything().anything
        [x].index(2)


def raises(depth):
    try:
        if depth:
            raises(depth - 1)
        raise KeyError(spin())
    finally:
        spin()


@shape
def exceptions():
    try:
        with Manager():
            raises(5)
    except KeyError:
        spin()
    try:
        raise ExceptionGroup("", [ValueError()])
    except* ValueError:
        spin()


def on_alarm(*_):
    spin()


@shape
def signal_handler():
    signal.setitimer(signal.ITIMER_REAL, alarm_s, alarm_s)
    for _ in range(200):
        spin()
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.raise_signal(signal.SIGALRM)


TEXT = """def inside():
    spin()

class Text:
    spin()

inside()
[spin() for _ in range(2)]
"""


@shape
def exec_and_eval():
    exec(TEXT, {"spin": spin})
    eval("spin() + (lambda: spin())()")


class Finder:
    """Of a module whose body is a call."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "shape_module":
            return importlib.machinery.ModuleSpec(name, Finder)

    @staticmethod
    def create_module(spec):
        spin()

    @staticmethod
    def exec_module(module):
        spin()


@shape
def frozen_importlib():
    import shape_module

    del sys.modules[shape_module.__name__]


class Mortal:
    def __del__(self):
        spin()


@shape
def ends_of_objects():
    mortal = Mortal()
    reference = weakref.ref(mortal, spin)
    del mortal
    reference()


def call(function, times):
    for _ in range(times):
        function()


def turn(function, times):
    start, before = time.monotonic_ns(), time.thread_time_ns()
    call(function, times)
    return function.__name__, start, time.monotonic_ns(), time.thread_time_ns() - before


def run(seconds):
    times, turns, rounds = {}, [], 0
    for function in shapes:
        call(function, 1 if function in deep_shapes else 3)
        times[function] = max(1, round(TURN_S * 1e9 / turn(function, 1)[3]))
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for function in [f for f in shapes if f not in deep_shapes or not rounds % 10]:
            turns.append(turn(function, times[function]))
        rounds += 1
    return turns


def main(command, seconds, path):
    global alarm_s
    recorder = Recorder()
    if command == "stacks":
        shape_kit.work, alarm_s = 2, 0
        sys.settrace(recorder.trace)
    turns = run(seconds)
    sys.settrace(None)
    with open(path, "w") as file:
        json.dump(turns if command == "run" else recorder.stacks(), file)


sys.setrecursionlimit(20_000)
sys.meta_path.insert(0, Finder)
try:
    signal.signal(signal.SIGALRM, on_alarm)
except ValueError as why:  # in a subinterpreter
    shapes.remove(signal_handler)
    missing["signal_handler"] = str(why)
print(json.dumps(missing))
main(sys.argv[1], float(sys.argv[2]), sys.argv[3])
