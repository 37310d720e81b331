# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The stacks that a program recorded of itself (tests/targets/stacks.py), and whether another is one."""

import collections
import itertools

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

    def find(self, frames):
        """The node of a stack, None if there is none."""
        node = ROOT
        for frame in frames:
            node = self.children.get((node, frame))
        return node

    def is_moment(self, below, frame):
        """What is told to nobody: a leaf at an instruction without a line; a generator that is made."""
        if frame[2] == 0:
            return (below, frame[:2]) in self.without_line
        return frame in self.made

    def has_ends(self, oldest, youngest):
        """Whether a stack begins and ends with these, with something in between."""
        bottom = self.find(oldest)
        enough = len(oldest) + len(youngest)
        deeper = [node for node in self.of_key[youngest[-1]] if self.depths[node] > enough]
        return bottom is not None and any(self.leads(node, youngest, bottom) for node in deeper)

    def leads(self, node, youngest, bottom):
        """Whether this stack ends with these, and begins with the one that bottom is."""
        for frame in reversed(youngest):
            if self.frames[node] != frame:
                return False
            node = self.parents[node]
        while node not in (bottom, ROOT):
            node = self.parents[node]
        return node == bottom

    def is_possible(self, frames):
        """frames: (file name, function, line), root first."""
        if TRUNCATED in frames:
            cut = frames.index(TRUNCATED)
            return self.has_ends(frames[:cut], frames[cut + 1 :])
        return all(self.is_piece(piece) for piece in self.pieces(frames))

    def pieces(self, frames):
        """The stack, cut where an asynchronous function was called: that may be on top of itself, too."""
        cuts = [0, *(at for at, frame in enumerate(frames) if frame[1] in self.asynchronous and at), len(frames)]
        return [frames[begin:end] for begin, end in itertools.pairwise(cuts)]

    def is_piece(self, frames):
        bottoms = [ROOT]
        if frames[0][1] in self.asynchronous:
            bottoms = [self.parents[node] for node in self.starts(frames[0][1])]
        return any(self.goes_on(bottom, frames) for bottom in bottoms)

    def starts(self, function):
        return [node for frame, nodes in self.of_key.items() if frame[1] == function for node in nodes]
