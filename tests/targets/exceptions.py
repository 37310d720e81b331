# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows when its main thread has an exception: functions in random turns, some of which spend
their time while one propagates or is handled, in their own code, in their callees, in generators, asleep or awake;
others where it is over, or never was. Prints "ready" first, writes the truth as JSON in the end: for each turn
[function, start, end in ns of CLOCK_MONOTONIC, ns in which there was an exception: all or none].

usage: exceptions.py SECONDS TRUTH_FILE
"""

import json
import random
import sys
import time


def compute(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Stop(Exception):
    pass


# --- with an exception ---


def in_except(spend):
    try:
        raise Stop
    except Stop:
        spend()


def in_finally_while_it_propagates(spend):
    try:
        try:
            raise Stop
        finally:
            spend()
    except Stop:
        pass


class Leaves:
    def __init__(self, spend):
        self.spend = spend

    def __enter__(self):
        pass

    def __exit__(self, *_):
        self.spend()
        return True


def in_exit_of_with(spend):
    with Leaves(spend):
        raise Stop


def in_generator_of_its_own(spend):
    def generate():
        try:
            raise Stop
        except Stop:
            yield spend()

    for _ in generate():
        pass


def outside_of_a_generator(spend):
    """The handler is in whoever runs the generator."""

    def generate():
        yield spend()

    try:
        raise Stop
    except Stop:
        for _ in generate():
            pass


def outside_of_many_generators(spend):
    def nest(depth):
        if depth:
            yield from nest(depth - 1)
        else:
            yield spend()

    try:
        raise Stop
    except Stop:
        list(nest(32))


def outside_of_a_genexpr(spend):
    try:
        raise Stop
    except Stop:
        list(spend() for _ in range(1))


def in_coroutine(spend):
    async def handle():
        try:
            raise Stop
        except Stop:
            spend()

    try:
        handle().send(None)
    except StopIteration:
        pass


def in_handler_of_a_handler(spend):
    try:
        raise Stop
    except Stop:
        try:
            raise KeyError
        except KeyError:
            pass
        spend()


# --- without ---


def without(spend):
    spend()


def in_try(spend):
    try:
        spend()
    except Stop:
        pass


def after_except(spend):
    try:
        raise Stop
    except Stop:
        pass
    spend()


def in_finally_after_except(spend):
    try:
        raise Stop
    except Stop:
        pass
    finally:
        spend()


def in_plain_finally(spend):
    try:
        pass
    finally:
        spend()


def beside_a_suspended_handler(spend):
    """The handler is in a generator that does not run now."""

    def generate():
        try:
            raise Stop
        except Stop:
            yield

    generator = generate()
    next(generator)
    spend()


WITH = [in_except, in_finally_while_it_propagates, in_exit_of_with, in_generator_of_its_own, outside_of_a_generator]
WITH += [outside_of_many_generators, outside_of_a_genexpr, in_coroutine, in_handler_of_a_handler]
WITHOUT = [without, in_try, after_except, in_finally_after_except, in_plain_finally, beside_a_suspended_handler]


def main(seconds, truth_path):
    rng = random.Random(7)
    turns = []
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work = rng.choice(WITH + WITHOUT)
        amount = rng.uniform(0.001, 0.02)
        start = time.monotonic_ns()
        work(lambda: rng.choice((compute, time.sleep))(amount))
        now = time.monotonic_ns()
        turns.append((work.__name__, start, now, now - start if work in WITH else 0))
    with open(truth_path, "w") as file:
        json.dump(turns, file)


main(float(sys.argv[1]), sys.argv[2])
