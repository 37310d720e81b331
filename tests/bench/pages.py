# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The page of a flame graph with many frames in a browser, beside the reference's of the same recording."""

import json
import pathlib
import shutil
import subprocess

from figures import Table, spread

FRAMES = 100_000
SCRIPT = pathlib.Path(__file__).with_suffix(".mjs")


def node(*args):
    return json.loads(subprocess.run(["node", SCRIPT, *map(str, args)], check=True, capture_output=True).stdout)


def reference_page(lab, recording):
    """It reads our recording, and writes its page."""
    inside = lab.dir / recording.name
    shutil.copy(recording, inside)
    page = inside.with_suffix(".html")
    # The lab's directory has the same name on both sides.
    words = ("replay", "--flamegraph", "-o", page, inside)
    subprocess.run(
        ["chroot", lab.path, "python3.15", "-m", "profiling.sampling", *map(str, words)], check=True, capture_output=True
    )
    return page


def pages(lab, plan):
    table = Table(
        f"The page of --flamegraph, {FRAMES:,} frames, headless Chromium",
        [
            ("who", "page"),
            ("size", "MB"),
            ("open", "open (ms)"),
            ("zoom", "zoom (ms)"),
            ("search", "search (ms)"),
            ("frames", "frames in it"),
        ],
        limit="open 2,000 ms; zoom and search 100 ms",
        note="Open: until the first picture. Zoom and search: from the click or the key until the picture is there. The "
        "reference leaves out frames that have less than 0.1 % of all samples and of each thread's; its zoom is an "
        "animation, which is not measured.",
    )
    made = node("make", FRAMES)
    for who, page in (("tachyon-bpf", made["page"]), ("reference", reference_page(lab, pathlib.Path(made["recording"])))):
        rows = [node("measure", who, page) for _ in range(2 * plan.turns)]
        row = {key: spread(row[key] for row in rows) for key in ("open", "zoom", "search") if key in rows[0]}
        size = pathlib.Path(page).stat().st_size / 1e6
        table.add(who=who, size=size, frames=rows[0]["frames"], **row)
    return table
