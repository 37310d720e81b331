# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the shapes of shapes.py have in common: their list, and something to do."""

work = 400  # of spin(): little where each instruction is traced
shapes = []
deep_shapes = set()  # whose stacks are so large that few of them must do


def shape(function):
    shapes.append(function)
    return function


def deep_shape(function):
    deep_shapes.add(function)
    return shape(function)


def spin(*_):
    for _ in range(work):
        pass
    return 0
