# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Made-up samples for test_writers.py, in the language of each side: JSON for the reference, the text of
tests/tools/profile_text.c for us."""

import random

from made_up import encode

SORTS = ("nsamples", "tottime", "cumtime", "sample-pct", "cumul-pct", "nsamples-cumul", "name")
SORT_MODES = (0, 1, 2, 3, 4, 5, -1)  # of SORTS, in the reference: cli.py _sort_to_mode()
LIMITS = (0, 1, 3, 15, 1000, -2)

# Runs in the lab. Fed with a list of {"samples": [[tid, weight, [[file, line, func], ...]], ...],
# "period_us", "mode", "tables": [[sort, limit, summary], ...]}; answers what the reference makes of
# each.
REFERENCE = """
import builtins, collections, contextlib, io, json, os, sys
from profiling.sampling import pstats_collector, stack_collector

Frame = collections.namedtuple("Frame", "filename location funcname opcode")

def open_file(path, mode):
    return builtins.open(path, mode, encoding="utf-8", errors="surrogatepass")

stack_collector.open = open_file
answers = []
for case in json.load(builtins.open(sys.argv[1])):
    rows = pstats_collector.PstatsCollector(case["period_us"])
    lines = stack_collector.CollapsedStackCollector(case["period_us"])
    for tid, weight, stack in case["samples"]:
        frames = [
            Frame(file, (line, line, 0, 0) if line else None, func, None)
            for file, line, func in stack
        ]
        rows._process_frames(frames, weight=weight)
        lines.process_frames(frames, tid, weight=weight)
    tables = []
    for sort, limit, summary in case["tables"]:
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            rows.print_stats(sort, limit, summary, case["mode"])
        tables.append(text.getvalue())
    os.environ["FORCE_COLOR"] = "1"
    with contextlib.redirect_stdout(io.StringIO()) as colored:
        rows.print_stats(0, 15, True, case["mode"])
    del os.environ["FORCE_COLOR"]
    rows.create_stats()
    stats = [
        [list(key), *value[:4], [[list(caller), n] for caller, n in value[4].items()]]
        for key, value in rows.stats.items()
    ]
    message = io.StringIO()
    with contextlib.redirect_stdout(message):
        lines.export(sys.argv[2])
    with open_file(sys.argv[2], "r") as file:
        collapsed = file.read()
    answers.append(
        {"tables": tables, "colored": colored.getvalue(), "stats": stats, "collapsed": collapsed, "message": message.getvalue()}
    )
json.dump(answers, builtins.open(sys.argv[3], "w"))
"""

# Runs in every Python: loads a file, prints it in every way, answers what was loaded.
LOADER = """
import io, json, pstats, sys

stats = pstats.Stats(sys.argv[1], stream=io.StringIO())
rows = [
    [list(key), list(value[:4]), [[list(by), list(edge)] for by, edge in value[4].items()]]
    for key, value in stats.stats.items()
]
stats.sort_stats("cumulative").print_stats().print_callers().print_callees()
twice = pstats.Stats(sys.argv[1], stream=io.StringIO())
twice.add(sys.argv[1])
twice.strip_dirs().sort_stats("tottime").print_stats(5)
text = stats.stream.getvalue()
print(json.dumps({"type": type(stats).__name__, "rows": rows, "text": text}))
"""


def work(names, seed, count, depth, recursion=False):
    """Samples of a made-up program: locations of a few files, chosen so that many weights are equal."""
    rng = random.Random(seed)
    files = ["/srv/app/work.py", "/srv/lib/work.py", "/srv/app/util/__init__.py", "<frozen runpy>"]
    lines = (0, 1, 7, 9, 10, 99, 100, -1)
    locations = [(rng.choice([*files, "tool"]), rng.choice(lines), name) for name in names]
    root = ("/srv/app/main.py", 3, "<module>")
    samples = []
    for _ in range(count):
        if recursion:
            stack = [rng.choice(locations) for _ in range(rng.randrange(depth))]
        else:
            stack = rng.sample(locations, rng.randrange(min(depth, len(locations))))
        samples.append([rng.choice((7, 12, 100, 4194304)), rng.choice((1, 1, 1, 2, 5)), [*stack, root]])
    return samples


PLAIN = [f"{outer}.{name}" for outer in "ABC" for name in ("run", "step", "<lambda>", "f.<locals>.g")]
ODD = ["größe", "数える", "𝕌", "it's", 'say "x"', "' and \"", "back\\slash", "a b", "a  3", "-", "é"]
# One location each, so that only the names decide.
ALIKE = [[1, 1, [["/x/odd.py", 5, name], ["m.py", 1, "m"]]] for name in ODD]
# "f:1" begins "f:10", and goes on with ";", which is more than "0".
PREFIXES = [
    [tid, 1, [["p.py", line, name] for line, name in stack] + [["m.py", 1, "m"]]]
    for tid in (1, 10, 2)
    for lines in ((1,), (10,), (100,), (1, 10), (10, 1), (100, 1), (1, 100), (10, 10), (2, 1), (2, 10))
    for stack in [[(line, name) for line in lines] for name in ("f", "f-x", "f.x", "")]
]
MARKERS = [[1, 3, [["~", 0, "<GC>"], ["/m.py", 4, "f"]]], [1, 9, [["~", 0, "<lost stack>"]]]]

CASES = {
    "seconds": {"period_us": 1000, "samples": work(PLAIN, 1, 3000, 8)},
    "milliseconds": {"period_us": 1000, "samples": work(PLAIN, 2, 150, 8)},
    "microseconds": {"period_us": 20, "samples": work(PLAIN, 3, 7, 4)},
    "units_differ": {
        "period_us": 1000,
        "samples": [[1, 1, [["a.py", n, "f"], ["m.py", 1, "m"]]] for n in range(1, 1200)],
    },
    "recursion": {"period_us": 333, "samples": work(PLAIN[:4], 4, 400, 12, recursion=True)},
    "ties": {
        "period_us": 1000,
        "samples": [[n % 3, 2, [["t.py", n, f"f{n % 7}"]]] for n in range(60, 0, -1)],
    },
    "odd_names": {"period_us": 1000, "samples": work(ODD, 5, 500, 6)},
    "alike": {"period_us": 1000, "samples": ALIKE},
    "prefixes": {"period_us": 1000, "samples": PREFIXES},
    "markers": {"period_us": 1000, "samples": MARKERS + work(PLAIN, 7, 20, 3)},
    "large_weights": {"period_us": 1000, "samples": [[1, 4000000000, [["a.py", 1, "f"]]]] * 3},
    "no_directory": {
        "period_us": 1000,
        "samples": [[1, 1, [[file, 1, "f"]]] for file in ("", "/a/", "/a/b", "b", "/b")],
    },
    "one": {"period_us": 1000, "samples": [[1, 1, [["a.py", 1, "f"]]]]},
    "empty": {"period_us": 1000, "samples": []},
}


def describe(case):
    """A case for the tool. Every second sample has other columns: formats without columns must not
    see that."""
    lines = ["pid 4711", f"period_ns {case['period_us'] * 1000}", f"mode {case.get('mode', 'cpu')}"]
    frames = {}
    for number, (tid, weight, stack) in enumerate(case["samples"]):
        stack_frames = []
        for file, line, func in stack:
            key = (file, line, func, number % 2)
            if key not in frames:
                frames[key] = len(frames)
                lines.append(f"frame {encode(file)} {encode(func)} {line} {line} {number % 2} 9")
            stack_frames.append(frames[key])
        lines.append(f"stack {number} {' '.join(map(str, stack_frames))}")
        lines.append(f"sample {number} {tid} {weight}")
    return "\n".join(lines) + "\n"
