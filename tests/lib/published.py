# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What tests/targets/published.py said of itself, and samples judged by it."""

import bisect
import collections
import json
import struct

SLOT = struct.Struct("=QQ")
VISIT = struct.Struct("=QQQ")
CAPACITY = 200_000
SLOT_SZ = SLOT.size + CAPACITY * VISIT.size


class Track:
    """Where a thread was: visits that do not overlap, in the order of time."""

    def __init__(self, data):
        self.tid, count = SLOT.unpack_from(data)
        self.visits = [VISIT.unpack_from(data, SLOT.size + i * VISIT.size) for i in range(count)]
        self.begins = [begin for _, begin, _ in self.visits]

    def stack_at(self, ts_ns):
        """Number of the stack, or None between two visits."""
        index = bisect.bisect(self.begins, ts_ns) - 1
        if index < 0 or ts_ns > self.visits[index][2]:
            return None
        return self.visits[index][0]


class Published:
    def __init__(self, track_path, stacks_path):
        text = stacks_path.read_text(encoding="utf-8")
        self.stacks = [json.loads(line) for line in text[: text.rindex("\n")].split("\n")]
        with track_path.open("rb") as file:
            tracks = [Track(data) for data in iter(lambda: file.read(SLOT_SZ), b"")]
        self.tracks = {track.tid: track for track in tracks if track.tid}

    def wrong(self, stack, frames):
        """What is wrong with sampled frames (rawfile.Frame, leaf first) when this was the stack: "stack",
        "line", or None."""
        *callers, (filename, qualname, first, last) = self.stacks[stack]
        names = [(file, name) for file, name, _ in callers] + [(filename, qualname)]
        frames = frames[::-1]
        if [(frame.filename, frame.qualname) for frame in frames] != names:
            return "stack"
        if [frame.position[0] for frame in frames[:-1]] != [line for *_, line in callers]:
            return "line"
        return None if first <= frames[-1].position[0] <= last else "line"


def judge(published, raw):
    """Count the samples of a rawfile.RawFile: right, with a wrong stack, a wrong line or an unknown thread,
    and between two visits, where nothing is said of them. Also an example of each kind of wrong one."""
    found, examples = collections.Counter(), {}
    for sample in raw.samples:
        track = published.tracks.get(sample.tid)
        stack = track.stack_at(sample.ts_ns) if track else None
        if not track:
            verdict = "thread"
        elif stack is None:
            verdict = "between"
        else:
            verdict = published.wrong(stack, raw.frames[sample.stack]) or "right"
        found[verdict] += sample.weight
        if verdict in ("stack", "line", "thread"):
            examples[verdict] = (sample, raw.frames[sample.stack], stack is not None and published.stacks[stack])
    return found, examples
