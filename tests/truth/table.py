# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The figures of a run of the truth, as tables in Markdown.

usage: table.py FOLDER     reads FOLDER/*.json (conftest.py writes them), prints the page docs/truth.md
"""

import json
import math
import pathlib
import sys

HEAD = """# Truth

What the profiler says of programs that know better, for each version of CPython in each flavour. These are the
figures of the quick pass that is part of `make check`, written here by `make truth-table`; `make truth` measures
longer, and makes every check in every cell.

- A **wrong** sample is a stack that the program cannot have, a line outside of the place the program says it
  was in, a name or a thread that is not right, or a frame without a name. Each must be 0; in brackets the
  share below which it is with 95 % confidence, given the number of samples.
- A **failed** sample was due and is missing: each cause has its own counter ([statuses](statuses.md)). 0, too.
- The **total variation** is the distance between the shares of the samples and those of the CPU time; 0 %
  equal, 100 % disjoint. Beside it the bound that `tests/lib/shares.py` derives. What lies outside of its
  bound is measured again, at most twice: a busy machine is late for a moment, a fault is there each time. What
  must be 0 is not.
"""

# Figures that count what must not be.
WRONG = ("impossible", "wrong", "wrong stack", "wrong line", "wrong thread", "unresolved")


def number(value):
    """As people read it: digits in groups, shares in percent."""
    if isinstance(value, float):
        return f"{value:.2%}" if value < 2 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def upper_bound(wrong, of):
    """Of the share, 95 % confidence: exact for 0 (Clopper-Pearson), else Wilson's."""
    if wrong == 0:
        return 1 - 0.05 ** (1 / of)
    share, z = wrong / of, 1.645
    middle, spread = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2)
    return (middle + spread) / (1 + z * z / of)


def headline(figures):
    """What a cell of the first table says of a check."""
    if "total variation" in figures:
        return f"{figures['total variation']:.2%} (≤ {figures['bound']:.2%})"
    wrong = [value for name, value in figures.items() if name in WRONG]
    values = [value for value in figures.values() if isinstance(value, int) and value > 0]
    if wrong and values:
        return f"{sum(wrong)} of {number(values[0])} (< {upper_bound(sum(wrong), values[0]):.2g})"
    return ", ".join(number(value) for value in figures.values())


def rows_of(folder):
    """{cell: {check: figures}} in the order of flavour, version."""
    found = {path.stem: json.loads(path.read_text()) for path in pathlib.Path(folder).glob("*.json")}
    flavours = list(dict.fromkeys(name.split("-", 1)[1] for name in found))
    flavours.sort(key=lambda flavour: (flavour != "gil", flavour != "free-threaded", flavour))
    return dict(sorted(found.items(), key=lambda item: (flavours.index(item[0].split("-", 1)[1]), item[0])))


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def page(rows):
    checks = list(dict.fromkeys(check for row in rows.values() for check in row if check != "skipped"))
    checks.sort(key=lambda check: -sum(check in row for row in rows.values()))
    wide = [check for check in checks if sum(check in row for row in rows.values()) > len(rows) / 3]
    lines = [HEAD, "## Every cell"]
    body = []
    for cell, row in rows.items():
        if "skipped" not in row:
            body.append([cell, *(headline(row[check]) if check in row else "" for check in wide)])
    lines += table(["cell", *wide], body)
    skipped = [(cell, row["skipped"]) for cell, row in rows.items() if "skipped" in row]
    if skipped:
        lines += ["", "## Cells that do not exist", *table(["cell", "why"], skipped)]
    for check in checks:
        names = list(dict.fromkeys(name for row in rows.values() for name in row.get(check, ())))
        body = [[cell, *(number(row[check].get(name, "")) for name in names)] for cell, row in rows.items() if check in row]
        lines += ["", f"## {check[0].upper()}{check[1:]}", *table(["cell", *names], body)]
    return "\n".join(lines)


if __name__ == "__main__":
    print(page(rows_of(sys.argv[1])))
