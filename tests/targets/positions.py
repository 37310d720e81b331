# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Do varied work in threads, after saying where each instruction of each code object stands.

usage: positions.py OUT

Writes one JSON object, {address of the code object: [qualname, filename, co_positions()]}, prints
"ready", then works until it is killed. All code objects are made before and kept, so that no address
is used twice.
"""

import ast
import asyncio
import bisect
import collections
import contextlib
import dataclasses
import difflib
import fractions
import functools
import gc
import heapq
import json
import random
import re
import string
import sys
import textwrap
import threading
import types


@dataclasses.dataclass(order=True)
class Item:
    key: int
    name: str = "item"


class Base:
    def __init__(self, value):
        self.value = value
        self.parts = [value,
                      value + 1]


class Derived(Base):
    def __init__(self, value):
        super().__init__(value)

    @property
    def total(self):
        return sum(part
                   for part in self.parts
                   if part)


def recurse(depth):
    if depth:
        return recurse(depth - 1) + 1
    total = 0
    for i in range(30):
        total += i * i
    return total


def generate(n):
    for i in range(n):
        try:
            yield i
        finally:
            pass


@contextlib.contextmanager
def manage():
    try:
        yield 1
    except ValueError:
        pass


def failing(i):
    try:
        if i % 3 == 0:
            raise ValueError(i)
        return 10 / (i % 5)
    except ZeroDivisionError:
        return 0
    except ValueError as error:
        return len(error.args)
    finally:
        i += 1


def matching(value):
    match value:
        case [first, *rest]:
            return first if not rest else matching(rest)
        case {"k": inner}:
            return inner
        case str() | int():
            return value
    return None


async def nested(n):
    return n if n == 0 else await nested(n - 1)


async def gather():
    return await asyncio.gather(*(nested(n) for n in range(8)))


def work_objects():
    for i in range(60):
        Derived(i).total
        failing(i)
        matching([{"k": i}, i, "x"])
        with manage() as value:
            if value and i % 7 == 0:
                raise_value = ValueError
                with contextlib.suppress(raise_value):
                    raise raise_value(
                        i,
                        value,
                    )
    return [Item(j, name=f"{j:>{4}}") for j in generate(20)]


def work_text():
    text = json.dumps({str(i): [i, i / 3, None, {"a": "b" * 9}] for i in range(20)}, indent=1)
    json.loads(text)
    re.sub(r"(\d+)", lambda match: match.group(1)[::-1], text)
    textwrap.fill(string.ascii_letters * 4, 20)
    difflib.SequenceMatcher(None, text[:120], text[60:180]).ratio()


def work_numbers():
    total = fractions.Fraction(0)
    for i in range(1, 12):
        total += fractions.Fraction(i, i + 3)
    heap = []
    for i in range(60):
        heapq.heappush(heap, Item((i * 7919) % 101))
    ordered = [heapq.heappop(heap) for _ in range(len(heap))]
    bisect.insort(ordered, Item(50), key=lambda item: item.key)
    return total, collections.Counter(item.key % 3 for item in ordered)


def work_code():
    tree = ast.parse("def f(x):\n    return [y for y in x if y]\n" * 3)
    for node in ast.walk(tree):
        ast.iter_fields(node)
    return ast.unparse(tree)


def work_deep():
    recurse(30)
    functools.reduce(lambda a, b: a ^ b, random.Random(1).sample(range(1000), 40))


def work_async():
    asyncio.run(gather())


JOBS = [work_objects, work_text, work_numbers, work_code, work_deep, work_async]


def work(jobs):
    while True:
        for job in jobs:
            job()


def all_codes():
    """Every code object that something could run, by address."""
    todo = [frame.f_code for frame in sys._current_frames().values()]
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType):
            todo.append(thing.__code__)
        elif isinstance(thing, (types.GeneratorType, types.CoroutineType)):
            todo.append(thing.gi_code if isinstance(thing, types.GeneratorType) else thing.cr_code)
    found = {}
    while todo:
        code = todo.pop()
        if id(code) not in found:
            found[id(code)] = code
            todo += [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return found


def main():
    for _ in range(3):
        for job in JOBS:
            job()
    codes = all_codes()
    with open(sys.argv[1], "w", encoding="ascii") as out:
        json.dump(
            {key: [code.co_qualname, code.co_filename, list(code.co_positions())] for key, code in codes.items()},
            out,
        )
    for first in range(2):
        threading.Thread(target=work, args=(JOBS[first::2],), daemon=True).start()
    print("ready", flush=True)
    work(JOBS)


main()
