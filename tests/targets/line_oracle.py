# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Say where every instruction of the standard library stands, in this interpreter's own words.

usage: line_oracle.py OUT

Writes for each code object what tests/tools/lines.c reads, prints "modules M codes C instructions I columns N", the
last for instructions that have columns.
"""

import array
import os
import struct
import sys
import types

# What user/symbolize/linetable.h says for None.
NO_LINE, NO_COLUMN = 0, -1

# What the standard library has little of: columns beyond a byte, lines beyond 16 bits, positions over
# many lines, code without location between code with one.
SPECIAL = [
    "value = " + " + ".join(["name"] * 3000),
    "\n" * 70000 + "def late():\n    return [\n" + "        0,\n" * 500 + "    ]\n",
    "def far():\n    first()\n" + "\n" * 5000 + "    return second(\n" + "\n" * 300 + ")\n",
    "async def flow(x):\n"
    "    async with x as y:\n"
    "        try:\n"
    "            async for i in y: yield i\n"
    "        except* ValueError as e: raise\n"
    "        finally:\n"
    "            match x:\n"
    "                case [1, *_]: pass\n"
    "                case {'k': v} if v: pass\n"
    "            print(f'{x!r:>{y}}', *[z async for z in y])\n",
]


def sources():
    top = os.path.dirname(os.__file__)
    for folder in [top] + sorted(entry.path for entry in os.scandir(top) if entry.is_dir()):
        if os.path.basename(folder) in ("test", "__pycache__"):
            continue
        for name in sorted(os.listdir(folder)):
            if name.endswith(".py"):
                yield os.path.join(folder, name)


def lines_of(code, count):
    lines = array.array("i", [NO_LINE]) * count
    for start, end, line in code.co_lines():
        if line is not None:
            lines[start // 2 : end // 2] = array.array("i", [line]) * ((end - start) // 2)
    return lines


def write_code(out, code):
    """Write one code object, return how many code units it has, and how many of them with columns."""
    values = array.array("i")
    lines = lines_of(code, len(code.co_code) // 2)
    count = columns = 0
    for (line, end_line, col, end_col), co_line in zip(code.co_positions(), lines, strict=True):
        values.extend(
            (
                NO_LINE if line is None else line,
                NO_LINE if end_line is None else end_line,
                NO_COLUMN if col is None else col,
                NO_COLUMN if end_col is None else end_col,
                co_line,
            )
        )
        count += 1
        columns += col is not None
    out.write(struct.pack("=IiI", len(code.co_linetable), code.co_firstlineno, count))
    out.write(code.co_linetable)
    out.write(values)
    return count, columns


def main():
    modules = codes = instructions = columns = 0
    with open(sys.argv[1], "wb") as out:
        todo = [compile(text, "<special>", "exec") for text in SPECIAL]
        for path in sources():
            with open(path, "rb") as file:
                todo.append(compile(file.read(), path, "exec"))
            modules += 1
            while todo:
                code = todo.pop()
                todo += [const for const in code.co_consts if isinstance(const, types.CodeType)]
                units, with_columns = write_code(out, code)
                codes += 1
                instructions += units
                columns += with_columns
    print("modules", modules, "codes", codes, "instructions", instructions, "columns", columns)


main()
