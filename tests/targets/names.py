# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program of functions with names, files and line tables that are hard to read or to write. Prints
"ready" and, in the end, the functions as JSON: [[file, qualified name, first line, last line], ...].

usage: names.py stay SECONDS    the functions that there are
       names.py go SECONDS      functions with long names and line tables, each made, called and freed: with
                                [[start, end, line of the loop], ...] (ns of CLOCK_MONOTONIC) instead
"""
import json
import sys
import time

SOURCE = "{gap}def f(clock, end):\n{body}    while clock() < end:\n        x = 1\n"
NAMES = {
    "ascii": "plain",
    "latin-1": "gr\xf6\xdfe_\xe9\xff",
    "UCS2": "\u0444\u0443\u043d\u043a_\u540d\u524d",
    "UCS4": "\U0001d518\U0001f40d",
    "one wide": "x" * 20 + "\U0010ffff",
    "surrogates": "\udfff_\ud800x\ud83d",
    "half in UCS4": "\ud800\U0001f40d\udc00",
    "NUL": "a\0b",
    "controls": "a\nb\rc\td\x1b[31me\x85\u2028",
    "separators": "a;b c:d:1 7 \\x3b %s",
    "like a marker": "<truncated>",
    "quotes": "'\"`$(x)",
    "right to left": "\u202e\u05d0\u0301",
    "empty": "",
    "2,047 bytes": "a" * 2047,
    "2,048 bytes": "a" * 2048,
    "long": "b" * 7000 + "e",
    "long UCS2": "\u0444" * 3000 + "e",
    "long UCS4": "\U0001f40d" * 1500 + "e",
    "very long": "c" * 50_000 + "e",
}
FILES = {
    "not UTF-8": b"/srv/\xff\xfe/b\x80d.py".decode("utf-8", "surrogateescape"),
    "newline": "/srv/new\nline.py",
    "separators": "/srv/a;b c:d/e;f g:h 7.py",
    "no name": "/srv/",
    "latin-1": "/srv/\xe9t\xe9.py",
    "long": "/srv/" + "d/" * 1500 + "e.py",
}
LINES = {"16 KiB": 4_000, "64 KiB": 20_000, "128 KiB": 40_000}


def make(name, file="names.py", line=1, body=0):
    text = SOURCE.format(gap="\n" * (line - 1), body="    x = 0\n" * body)
    names = {}
    exec(compile(text, "<text>", "exec"), names)
    code = names["f"].__code__
    # A string of its own: nothing else holds it.
    names["f"].__code__ = code.replace(co_name=name, co_qualname=name, co_filename=file)
    return names["f"]


def stay(seconds):
    functions = [make(name, line=number + 2) for number, name in enumerate(NAMES.values())]
    functions += [make(what, file=file) for what, file in FILES.items()]
    functions += [make(f"lines_{cnt}", body=cnt) for cnt in LINES.values()]
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for function in functions:
            function(time.monotonic, time.monotonic() + 0.002)
    said = []
    for function in functions:
        code = function.__code__
        lines = [line for *_, line in code.co_lines() if line]
        said.append((code.co_filename, code.co_qualname, min(lines), max(lines)))
    return said


def go(seconds):
    gap = "    x = 0\n" * LINES["16 KiB"]
    variants = [make("f", body=1).__code__]
    for line in range(50):
        names = {}
        exec(compile("def f(clock, end):\n" + gap + "\n" * line + "    while clock() < end: x = 1\n", "x", "exec"), names)
        variants.append(names["f"].__code__)
    print("ready", flush=True)
    function, calls, clock = names["f"], [], time.monotonic_ns
    end = clock() + seconds * 1e9
    while clock() < end:
        number = len(calls)
        code = variants[1 + number % 50]
        name = "x" * 3000 + f"_{number:08d}"
        function.__code__ = code.replace(
            co_name=name, co_qualname=name, co_filename="names.py", co_linetable=bytes(bytearray(code.co_linetable))
        )
        start = clock()
        function(clock, start + 500_000)
        calls.append((start, clock(), 2 + LINES["16 KiB"] + number % 50))
    return calls


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](float(sys.argv[2]))), flush=True)
