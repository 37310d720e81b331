# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program whose every possible stack is known: chains of calls, 12 deep, called in turn.

chain_C_D calls chain_C_(D+1) from its only call line; half of the chains go through a generator, which
lives outside of the thread's data stack. Runs for the given number of seconds; prints "ready" first.
"""
import sys
import time

CHAINS = 8
DEPTH = 12


def make_chain(chain):
    """Functions of one chain, as source: all have the same three lines, at known numbers."""
    lines = []
    for depth in range(DEPTH):
        callee = f"chain_{chain}_{depth + 1}(n)" if depth + 1 < DEPTH else "n * 3 + 1"
        if chain % 2 and depth == 5:
            lines += [f"def chain_{chain}_{depth}(n):", f"    for x in gen_{chain}(n):", "        n = x", "    return n"]
            lines += [f"def gen_{chain}(n):", "    yield n", f"    yield {callee}"]
        else:
            lines += [f"def chain_{chain}_{depth}(n):", f"    n = {callee}", "    return n"]
    return lines


def build():
    source = []
    for chain in range(CHAINS):
        source += make_chain(chain)
    source += ["def main(end, clock):", "    while clock() < end:", "        for i in range(200):"]
    source += [f"            chain_{chain}_0(i)" for chain in range(CHAINS)]
    source += ["main(END, CLOCK)"]
    return "\n".join(source) + "\n"


if __name__ == "__main__":
    if sys.argv[1] == "--source":
        print(build(), end="")
    else:
        code = compile(build(), "chains_generated.py", "exec")
        print("ready", flush=True)
        exec(code, {"END": time.monotonic() + float(sys.argv[1]), "CLOCK": time.monotonic})
