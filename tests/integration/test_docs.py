# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Documents that repeat what the code says, against the code."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_statuses_page_is_complete():
    header = (ROOT / "bpf" / "tach_status.h").read_text()
    kinds = {"SAMPLE": "sample", "SKIP": "skip", "FAIL": "failure"}
    statuses = [(name, kinds[kind]) for name, kind in re.findall(r"X\((\w+), (SAMPLE|SKIP|FAIL),", header)]
    counters = re.findall(r'X\((\w+), "', header)
    assert len(statuses) > 10 and len(counters) > 5
    page = (ROOT / "docs" / "statuses.md").read_text()
    assert re.findall(r"^\| ([A-Z_]+) \| (sample|skip|failure) \|", page, re.M) == statuses
    assert re.findall(r"^\| ([A-Z_]+) \| [^|]* \|$", page, re.M) == counters
