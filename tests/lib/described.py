# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A recording without its own tables and tapes: the kernel side's records (--raw), told to the writers one by
one (tests/tools/profile_text.c)."""

from made_up import encode
from rawfile import RawFile


def describe_raw(path, pid, period_ns=1_000_000, mode="wall"):
    """The description of a recording in which all threads are of one interpreter."""
    raw = RawFile(path)
    lines = [f"pid {pid}", f"period_ns {period_ns}", f"mode {mode}", f"process {pid} - -"]
    frames, threads = {}, {}
    for stack, places in raw.frames.items():
        words = []
        for place in places:
            key = (place.filename, place.qualname, *place.position)
            if key not in frames:
                frames[key] = len(frames)
                lines.append(f"frame {encode(key[0])} {encode(key[1])} {' '.join(map(str, key[2:]))}")
            words.append(str(frames[key]))
        lines.append(f"stack {stack} {' '.join(words)}")
    for sample in raw.samples:
        if sample.tid not in threads:
            threads[sample.tid] = len(threads)
            lines.append(f"who 0 0 {sample.tid} {int(sample.tid == pid)} -")
        lines.append(
            f"event {sample.ts_ns} {threads[sample.tid]} {sample.stack} {sample.state} {sample.weight}"
        )
    return "\n".join(lines) + "\n"
