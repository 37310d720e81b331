# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Shapes of shapes.py: functions that stop in the middle and go on later, called by others."""
import asyncio
import contextlib

from shape_kit import shape, spin


def count(values):
    for value in values:
        spin()
        yield value
    spin()


@shape
def generators():
    for _ in count((1, 2)):
        spin()
    sum(spin() for _ in count((1, 2)))
    generator = count((1, 2, 3))
    next(generator)
    generator.send(4)
    try:
        generator.throw(KeyError)
    except KeyError:
        spin()


def delegate(depth):
    if depth:
        yield from delegate(depth - 1)
    else:
        yield spin()
        yield spin()


@shape
def yield_from():
    for _ in delegate(200):
        spin()


class Pause:
    def __await__(self):
        yield spin()


async def wait(depth):
    if depth:
        await wait(depth - 1)
    else:
        await Pause()
        spin()


@shape
def coroutines():
    coroutine = wait(100)
    coroutine.send(None)
    with contextlib.suppress(StopIteration):
        coroutine.send(None)


async def numbers(cnt):
    for number in range(cnt):
        await Pause()
        yield number


class Manager:
    def __enter__(self):
        spin()

    def __exit__(self, *error):
        spin()

    async def __aenter__(self):
        await Pause()

    async def __aexit__(self, *error):
        await Pause()


async def use_async():
    async with Manager():
        async for _ in numbers(2):
            spin()
    return [spin() async for _ in numbers(2)]


@shape
def async_generators():
    coroutine = use_async()
    with contextlib.suppress(StopIteration):
        while True:
            coroutine.send(None)


async def sleeper():
    await asyncio.sleep(0)
    spin()


async def gather():
    await asyncio.gather(sleeper(), sleeper(), sleeper())


loop = asyncio.new_event_loop()


@shape
def asyncio_tasks():
    loop.run_until_complete(gather())


def in_greenlet(depth):
    if depth:
        return in_greenlet(depth - 1)
    greenlet.getcurrent().parent.switch(spin())
    spin()


def greenlets():
    one, two = greenlet.greenlet(in_greenlet), greenlet.greenlet(in_greenlet)
    one.switch(3)
    two.switch(5)
    spin()
    one.switch()
    two.switch()


missing = {}
try:
    import greenlet

    shape(greenlets)
except ImportError as why:
    missing["greenlets"] = str(why)
