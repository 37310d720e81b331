# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The pstats file in the hands of those who read the files of cProfile with their own code: KCachegrind's
converter itself, and what snakeviz and gprof2dot take for granted. (pstats of all Pythons: test_writers.py.)"""

import marshal
import re
import subprocess

import pytest

from made_up import run_tool
from writer_cases import CASES, describe

FILLED = [name for name, case in CASES.items() if case["samples"]]


def written(name, directory):
    (directory / "case.txt").write_text(describe(CASES[name]))
    path = directory / "out.pstats"
    run_tool(directory / "case.txt", "pstats", path)
    return path


def callgrind(path):
    """(self cost, [inclusive cost of a call]) of a callgrind file, in ns."""
    costs, calls = 0, []
    lines = path.read_text(encoding="utf-8").splitlines()
    for before, line in zip(["", *lines], lines):
        cost = re.fullmatch(r"-?\d+ (\d+)", line)
        if cost and before.startswith("calls="):
            calls.append(int(cost[1]))
        elif cost:
            costs += int(cost[1])
    return costs, calls


@pytest.mark.parametrize("name", FILLED)
def test_pyprof2calltree(tmp_path, name):
    """All the time is there, and every call."""
    path = written(name, tmp_path)
    out = tmp_path / "callgrind.out"
    done = subprocess.run(["pyprof2calltree", "-i", path, "-o", out], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    costs, calls = callgrind(out)
    case = CASES[name]
    total_ns = sum(weight for _, weight, _ in case["samples"]) * case["period_us"] * 1000
    rows = marshal.loads(path.read_bytes())
    assert abs(costs - total_ns) <= len(rows)  # each row is rounded to ns
    edges = [edge for *_, callers in rows.values() for edge in callers.values()]
    assert len(calls) == len(edges)
    assert abs(sum(calls) - sum(edge[3] for edge in edges) * 1e9) <= len(edges)


@pytest.mark.parametrize("name", FILLED)
def test_shape(tmp_path, name):
    """snakeviz and gprof2dot look every caller up among the functions; gprof2dot takes the tuple of a call in
    fours; both print file and function and need them to be text."""
    rows = marshal.loads(written(name, tmp_path).read_bytes())
    for key, row in rows.items():
        file, line, function = key
        direct, cumulative, tottime, cumtime, callers = row
        assert [type(part) for part in key] == [str, int, str]
        assert [type(part) for part in row] == [int, int, float, float, dict]
        assert 0 <= direct <= cumulative and 0 <= tottime <= cumtime
        for caller, edge in callers.items():
            assert caller in rows
            assert type(edge) is tuple and [type(part) for part in edge] == [int, int, float, float]
            assert 0 < edge[0] == edge[1] <= cumulative and edge[2] <= tottime and edge[3] <= cumtime * (1 + 1e-9)
    total = sum(weight for _, weight, _ in CASES[name]["samples"])
    assert sum(row[0] for row in rows.values()) == total
