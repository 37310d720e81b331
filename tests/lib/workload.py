# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What a profile of tests/targets/work.py says when it is right."""

from profiled import Source, check_chain, check_share
from tree import TARGETS

WORK = TARGETS / "work.py"
SOURCE = Source(WORK.read_text())
CHAIN = ("<module>", "work", "middle", "leaf", "leaf.<locals>.<genexpr>")


def check_work(profile, tid, source=SOURCE):
    """All samples of the main thread, from its chain of calls, and none of them lost."""
    check_part_of_work(profile, tid, source)
    check_share(profile)


def check_part_of_work(profile, tid, source=SOURCE):
    """The same where nobody knows how much CPU time the program has used."""
    assert profile.counts.failed == {}
    assert profile.tids == {tid}
    assert check_chain(profile.rows, "work.py", source, CHAIN) == profile.counts.status["SAMPLED"]
    assert set(CHAIN) <= set(profile.functions())
