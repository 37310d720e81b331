# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The judge of tests/targets/chains.py: which stacks the program can have."""

import collections
import re

DEPTH = 12


class ChainGraph:
    """Which stacks chains.py can have, from its own source: who calls whom, on which line."""

    def __init__(self, source):
        self.call_line = {}  # (caller, callee) -> line
        self.lines = collections.defaultdict(set)  # function -> its lines
        function = "<module>"
        for number, text in enumerate(source.splitlines(), 1):
            if text.startswith("def "):
                function = text[4 : text.index("(")]
            elif not text.startswith(" "):
                function = "<module>"
            # The def line belongs to the body too: its first instruction has it.
            self.lines[function].add(number)
            for callee in re.findall(r"\b((?:chain|gen)_\d+(?:_\d+)?|main)\(", text):
                if callee != function:
                    self.call_line[function, callee] = number

    def is_possible(self, frames):
        """frames: root first, from the generated program's <module> on."""
        if frames[0][0] != "<module>":
            return False
        for (caller, line), (callee, _) in zip(frames, frames[1:]):
            if self.call_line.get((caller, callee)) != line:
                return False
        leaf, line = frames[-1]
        return line in self.lines[leaf] or line == 0  # 0: an instruction without a line


def generated_frames(frames):
    return [(function, line) for file, function, line in frames if file == "chains_generated.py"]


def check_stacks(graph, rows):
    """Number of samples in the program's own code, and the impossible stacks: [(samples, frames)]."""
    inside, impossible = 0, []
    for _, frames, count in rows:
        own = generated_frames(frames)
        if not own:
            continue
        inside += count
        if not graph.is_possible(own):
            impossible.append((count, own))
    return inside, impossible
