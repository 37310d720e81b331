# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each sample what the program says that it was doing at that instant?"""

from published import Published, judge
from rawfile import RawFile
from tree import TARGETS

THREADS = 3


def test_published_state(start, attach, lab_dir, figure, seconds):
    tracks, stacks, raw_path = lab_dir / "tracks", lab_dir / "stacks", lab_dir / "raw"
    target = start(TARGETS / "published.py", tracks, stacks, THREADS)
    profile = attach(target.pid, "-a", "-r", "5khz", "-d", seconds(2, 10), "--raw", raw_path)
    target.end()
    raw = RawFile(raw_path)
    found, examples = judge(Published(tracks, stacks), raw)
    figure("samples", sum(found.values()))
    figure("judged", found["right"] + found["stack"] + found["line"])
    figure("wrong stack", found["stack"])
    figure("wrong line", found["line"])
    figure("wrong thread", found["thread"])
    figure("unresolved", raw.end["unknown"])
    figure("failed", sum(profile.counts.failed.values()))
    assert not examples, examples
    assert raw.end["unknown"] == raw.end["bad"] == raw.end["bad_lines"] == 0
    assert profile.counts.failed == {}
    # Most of the time is spent where the program says where it is.
    assert found["right"] > 0.5 * sum(found.values())
