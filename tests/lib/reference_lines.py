# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Command lines for the reference and for us."""

import random

COMMANDS = ("run", "attach", "dump", "replay")

# Every message of the parser, and of the checks of what fits together. Split at blanks; "~" is one.
LINES = """

bogus
atach
rum
attach
dump
replay
run
run -m
run --
attach --
attach abc
attach 1.5
attach 1_000
attach _1
attach ~12~
attach 1 2
attach 1 2 --bogus 3
attach 1x
attach -5
attach -5x
attach -.5
attach --bogus
attach --bogus 1
attach 1 --bogus
attach 1 -x
attach 1 -ax
attach 1 -a1
attach 1 -a-
attach 1 -a=
attach 1 -ar
attach 1 -ar=
attach 1 --bogus~word
--bogus attach 1 --foo=3
--bogus
--bogus bogus
-- attach 1
-x
attach -- 1
attach 1 --
attach -- 1 -2
attach -a -- -5
attach -- -- 5
dump -- -x
attach 1 --mode
attach 1 --mode=
attach 1 --mode foo
attach 1 --mode cpuu
attach 1 --mode Wall
attach 1 --mode it's
attach 1 --mode "
attach 1 --mode it's"
attach 1 --mode \\
attach 1 --mode -
attach 1 --mode -5
attach 1 --mode --native
attach 1 --mode -- cpu
attach 1 --async-mode runing
attach 1 --compression zst
attach 1 --sort nam
attach 1 --sort nsample
attach 1 --sort pct
attach 1 -r
attach 1 -r 0
attach 1 -r 0.0KHZ
attach 1 -r 2mhz
attach 1 -r 2MHZ
attach 1 -r ~1~k~
attach 1 -r ~2k~
attach 1 -r .5
attach 1 -r 5.
attach 1 -r -1
attach 1 -r 1e3
attach 1 -r 99.5hz
attach 1 -r3000
attach 1 -r=3000
attach 1 -ar3000
attach 1 --sampling-rate 2000000
attach 1 -d -1
attach 1 -d 0
attach 1 -d 1_0
attach 1 -d ~3~
attach 1 -d +3
attach 1 -d
attach 1 -d abc
attach 1 -l x
attach 1 -l
attach 1 -l -1
attach 1 -l 1.5
attach 1 -l 0x10
attach 1 -l=3
attach 1 -l=
attach 1 -l ~
attach 1 --all-threads=1
attach 1 --all-threads=
attach 1 --native=it's
attach 1 --s x
attach 1 --s=x
attach 1 --sa 5
attach 1 --so=name
attach 1 --su
attach 1 --a
attach 1 --as
attach 1 --async
attach 1 --async-m all
attach 1 --b
attach 1 --co
attach 1 --col
attach 1 --n
attach 1 --na
attach 1 --no
attach 1 --no-g
attach 1 --p
attach 1 --f
attach 1 --g
attach 1 --h
attach 1 --j
attach 1 --l
attach 1 --li
attach 1 --m cpu
attach 1 --o
attach 1 --op
attach 1 --ou x
attach 1 --r
attach 1 --d
attach 1 --di x
attach 1 --du 5
run --m x.py
run --mod x.py
run --mode x.py
run --p x.py
run --f x.py
run --r x.py
dump 1 --m cpu
dump 1 -r 1khz
dump 1 --a
dump 1 --as
dump 1 -d 5
replay
replay f --f
replay f --binary
replay f --compression zstd
replay f --mode cpu
replay -5
replay f g
replay --flamegraph --sort name f
replay --collapsed --flamegraph f
run x.py --mode gil -r 5 -h
run -m json.tool -m x
run -m -- x
run --native -5 x
run x.py --bogus
run --bogus x.py --foo
run -o
run -o -- ls
run -o - x.py
run --output --collapsed x.py
attach 1 --pstats --collapsed
attach 1 --collapsed --pstats
attach 1 --flamegraph --pstats
attach 1 --pstats --pstats
attach 1 --diff-flamegraph
attach 1 --diff-flamegraph b --diff-flamegraph c
attach 1 --diff-flamegraph b --gecko
attach 1 --gecko --diff-flamegraph
attach 1 --jsonl --binary
attach 1 --subprocesses --live
attach 1 --subprocesses --live --flamegraph
attach 1 --async-aware --native
attach 1 --async-aware --no-gc --binary --mode cpu -a --native
attach 1 --async-aware --mode wall
attach 1 --async-aware --mode gil
attach 1 --async-aware --mode=exception --no-gc
attach 1 --async-aware -a
attach 1 --async-aware --binary
attach 1 --async-aware --opcodes
attach 1 --async-aware --opcodes --gecko
attach 1 --async-aware --live --blocking
attach 1 --async-mode all
attach 1 --async-mode running
attach 1 --async-mode all --async-aware
dump 1 --async-mode all
dump 1 --async-mode running
dump 1 --async-aware --native
dump 1 --async-aware -a --no-gc
dump 1 --async-aware --async-mode running
dump 1 --opcodes
attach 1 --blocking -r 20khz
attach 1 --blocking -r 20khz --collapsed --sort name
attach 1 --blocking -r 10khz
attach 1 --live --flamegraph
attach 1 --live --diff-flamegraph b
attach 1 --live --collapsed --sort name
attach 1 --live --sort nsamples
attach 1 --live --no-summary -l 15 --sort name
attach 1 --live --gecko --mode cpu
attach 1 --live --opcodes
attach 1 --gecko --mode cpu
attach 1 --gecko --mode wall
attach 1 --gecko --mode gil --opcodes --sort name
attach 1 --opcodes
attach 1 --opcodes --collapsed
attach 1 --opcodes --jsonl
attach 1 --opcodes --binary
attach 1 --opcodes --diff-flamegraph b
attach 1 --opcodes --jsonl --sort name
attach 1 --flamegraph --sort name
attach 1 --collapsed --sort nsamples
attach 1 --no-summary --collapsed -l 15 --sort nsamples
attach 1 --diff-flamegraph b -l 3
attach 1 --heatmap --no-summary
attach 1 --browser
attach 1 --compression none
attach 1 --realtime-stats
""".removeprefix("\n").removesuffix("\n")
LINES = [[word.replace("~", " ") for word in line.split()] for line in LINES.split("\n")]


def random_lines(cnt, seed):
    """Lines of words that mean something, in any order."""
    rng = random.Random(seed)
    options = """--live --realtime-stats --native --no-gc --opcodes --async-aware --subprocesses --blocking
        --pstats --collapsed --flamegraph --gecko --heatmap --jsonl --binary --browser --no-summary -a --all-threads
        --async-mode=all --async-mode=running --mode=gil --mode=wall --compression=zstd --sort=name -l5 -r3k -r=2k
        --diff-flamegraph=b -d3 -omyfile -aa -al7 -ad2 --sort --mode --limit -l -r -d -o --output -m --module
        --async-mode --compression --diff-flamegraph --li --as --no --no-g --col --c --s --d --br --bl --na --g=1""".split()
    others = ["cpu", "name", "all", "zstd", "5", "-5", "x.py", "--bogus", "-x", "--foo=1", "a b", "-", "", "1_0", "2k"]
    for _ in range(cnt):
        line = [rng.choice(COMMANDS)]
        if rng.random() < 0.7:
            line.append(rng.choice(("1", "7", "x")))
        words = rng.choices(options, k=rng.randrange(5)) + rng.choices(others, k=rng.randrange(3))
        rng.shuffle(words)
        cut = rng.randrange(len(words) + 1)
        yield words[:cut] * (rng.random() < 0.02) + line[:1] + words[:cut] + line[1:] + words[cut:]
