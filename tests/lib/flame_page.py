# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What is in the page of a flame graph."""

import collections
import json
import re

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>\n<script>', re.S)
CHANNELS = 7


class Page:
    """data: of one recording, that of the page or its baseline."""

    def __init__(self, text, data=None):
        self.data = data or json.loads(*DATA.findall(text))
        self.strings = self.data["strings"]

    def baseline(self):
        return Page("", self.data["baseline"])

    def stacks(self):
        """{(tid, ((base name, function, line), ...) root first): samples}"""
        parents, locs = ([None, *self.data["nodes"][name]] for name in ("parent", "loc"))
        table = zip(*(self.data["locs"][name] for name in ("file", "func", "line")))
        frames = [(self.strings[file].rpartition("/")[2], self.strings[func], line) for file, func, line in table]
        found, rows = collections.Counter(), self.data["rows"]
        for at in range(0, len(rows), 2 + CHANNELS):
            thread, node, *channels = rows[at : at + 2 + CHANNELS]
            stack = []
            while node:
                stack.append(frames[locs[node]])
                node = parents[node]
            found[self.data["threads"][thread]["tid"], tuple(stack[::-1])] += sum(channels[:5])
        return found

    def source(self):
        """{path: {line: text}} and the paths of files that are not there."""
        files = {}
        for each in self.data["source"]["files"]:
            lines = each["lines"]
            files[self.strings[each["file"]]] = dict(zip(lines[::2], lines[1::2]))
        return files, {self.strings[file] for file in self.data["source"]["missing"]}
