# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Made-up recordings that are hard to write and to read: many of all, hard names, deep stacks."""

import random
import runpy

from made_up import GIL_REQUESTED, HAS_GIL, MAIN_THREAD, ON_CPU, MadeUp
from tree import TARGETS

STATES = (0, ON_CPU, HAS_GIL, ON_CPU | HAS_GIL, GIL_REQUESTED)
MARKER = ("~", 0, "<GC>")


def many(seed, samples=100_000, processes=3, threads=50, depth=12):
    """Of everything a lot."""
    rng = random.Random(seed)
    frames = [MARKER, ("/srv/app/bad.py", -1, "bad", 7), ("/srv/app/no.py", 0, "no_line", 8)]
    for first in range(1, 200):
        name = (f"/srv/app/module{first % 17}.py", f"Class.method{first}")
        frames += [(name[0], first + n, name[1], first) for n in range(4)]
    root = ("/srv/app/main.py", 3, "<module>", 1)
    stacks = [(*rng.choices(frames, k=rng.randrange(depth)), root) for _ in range(300)]
    made_up = MadeUp(pid=1000)
    for n in range(processes):
        made_up.process(1000 + n, f"python3.{n}", f"python3 app.py --worker {n}")
    for n in range(threads):
        made_up.thread(n % processes, 2000 + n, f"thread {n}", n < processes)
    for n in range(samples):
        thread = rng.randrange(threads)
        state = rng.choice(STATES) | (MAIN_THREAD if thread < processes else 0)
        made_up.sample(n * 1000, thread, rng.choice(stacks), state, rng.choice((1, 1, 1, 2, 300)))
    return made_up


def hard_names():
    """Of functions, files, threads and processes. Each sample is of one frame, and its weight says which."""
    hard = runpy.run_path(str(TARGETS / "names.py"))
    frames = [("/srv/a.py", 3, name, 2) for name in hard["NAMES"].values()]
    frames += [(file, 3, "f", 2) for file in hard["FILES"].values()]
    # Of one name and place, but different functions.
    frames += [("/srv/a.py", 3, "<lambda>", line) for line in (1, 2, 3)]
    made_up = MadeUp()
    made_up.process(7, "py\n\"'x;", 'python3 -c "\n\x1b[31m ü;\udcff"')
    made_up.thread(0, 7, "it's; \"\t\x1b", main=True)
    made_up.thread(0, 8, "數\udcff")
    made_up.thread(0, 9)
    for n, frame in enumerate(frames):
        made_up.sample(n, n % 3, (frame,), ON_CPU, n + 1)
    return made_up


def deep(depth=2000):
    """Recursion: direct, through another function, under a marker."""
    f, g = ("/srv/a.py", 3, "f", 2), ("/srv/a.py", 6, "g", 5)
    made_up = MadeUp()
    made_up.thread(made_up.process(7), 7, main=True)
    for n, stack in enumerate(((f,) * depth, (g, f) * (depth // 2), (MARKER, *(f, f, g) * (depth // 3)), (g,))):
        made_up.sample(n, 0, stack, ON_CPU, 10**n)
    return made_up
