# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The stacks that a program recorded of itself (tests/targets/stacks.py), and whether another is one."""

import collections

ROOT = -1
TRUNCATED = ("~", "<truncated>", 0)


class Stacks:
    """asynchronous: names of functions that can be called on top of any stack."""

    def __init__(self, recorded, asynchronous=()):
        self.asynchronous = asynchronous
        self.keys = [tuple(key[:3]) for key in recorded["keys"]]
        self.parents = [parent for parent, _ in recorded["nodes"]]
        self.children = {}
        self.without_line = set()
        self.of_key = collections.defaultdict(list)
        self.made = set()  # first lines of generators
        for node, (parent, key) in enumerate(recorded["nodes"]):
            frame = self.keys[key]
            self.children[parent, frame] = node
            self.without_line.add((parent, frame[:2]))
            self.of_key[frame].append(node)
            if recorded["keys"][key][3]:
                self.made.add(frame)
        self.frames = [self.keys[key] for _, key in recorded["nodes"]]
        self.depths = []
        for parent in self.parents:
            self.depths.append(1 if parent == ROOT else self.depths[parent] + 1)

    def goes_on(self, node, frames):
        """Whether these frames, root first, can stand above the stack that ends in node."""
        for at, frame in enumerate(frames):
            below = node
            node = self.children.get((below, frame))
            if node is None:
                return at + 1 == len(frames) and self.is_moment(below, frame)
        return True

    def is_moment(self, below, frame):
        """What is told to nobody: a leaf at an instruction without a line; a generator that is made."""
        if frame[2] == 0:
            return (below, frame[:2]) in self.without_line
        return frame in self.made

    def ends_with(self, frames):
        """Whether the stack that these end may lack its root."""
        deep_enough = [node for node in self.of_key[frames[-1]] if self.depths[node] > len(frames)]
        return any(self.has_end(node, frames) for node in deep_enough)

    def has_end(self, node, frames):
        for frame in reversed(frames):
            if self.frames[node] != frame:
                return False
            node = self.parents[node]
        return True

    def is_possible(self, frames):
        """frames: (file name, function, line), root first."""
        if frames[0] == TRUNCATED:
            return self.ends_with(frames[1:])
        for at, frame in enumerate(frames):
            if frame[1] in self.asynchronous and at:
                starts = [self.parents[node] for node in self.starts(frame[1])]
                return self.goes_on(ROOT, frames[:at]) and any(self.goes_on(start, frames[at:]) for start in starts)
        return self.goes_on(ROOT, frames)

    def starts(self, function):
        return [node for frame, nodes in self.of_key.items() if frame[1] == function for node in nodes]
