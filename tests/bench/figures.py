# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Figures with their spread, and tables of them as text and as Markdown."""

import statistics


def spread(values):
    """Several measurements of one thing."""
    values = list(values)
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def number(value):
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def text_of(value):
    if isinstance(value, dict):
        return f"{number(value['median'])} ({number(value['min'])} to {number(value['max'])})"
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


class Table:
    """columns: [(key, heading)]; rows: [{key: number, text, or spread()}]."""

    def __init__(self, title, columns, limit=None, note=None):
        self.title, self.columns, self.limit, self.note = title, columns, limit, note
        self.rows = []

    def add(self, **row):
        self.rows.append(row)

    def as_dict(self):
        return dict(title=self.title, columns=self.columns, limit=self.limit, note=self.note, rows=self.rows)

    @classmethod
    def from_dict(cls, data):
        table = cls(data["title"], data["columns"], data["limit"], data["note"])
        table.rows = data["rows"]
        return table

    def _cells(self):
        yield [heading for _, heading in self.columns]
        for row in self.rows:
            yield [text_of(row[key]) if key in row else "" for key, _ in self.columns]

    def _below(self):
        return [text for text in (self.limit and f"Limit: {self.limit}.", self.note) if text]

    def as_text(self):
        cells = list(self._cells())
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        lines = [self.title]
        for row in cells:
            first, *rest = [
                cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))
            ]
            lines.append("  " + "  ".join([first, *rest]).rstrip())
        return "\n".join(lines + ["  " + text for text in self._below()])

    def as_markdown(self):
        heading, *rows = self._cells()
        lines = ["### " + self.title, "", "| " + " | ".join(heading) + " |", "|" + "---|" * len(heading)]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join(lines + [""] + [" ".join(self._below())]).rstrip() + "\n"
