# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What replaying a long recording costs, beside the reference."""

import json
import random
import subprocess

from figures import Table, spread
from lab import ROOT

TOOL = ROOT / "build" / "tests" / "tools" / "profile_text"
THREADS, STACKS = 8, 5000
STATES = (0, 1, 3)  # enum tach_sample_state: waits, on a CPU, and that with the GIL
OURS_ONLY = ("speedscope", "pprof")
FORMATS = ("pstats", "collapsed", "jsonl", "gecko", *OURS_ONLY)

# The peak of a process counts from before its exec, when it still is its parent: a small one, then.
MEASURE = """
import posix, sys
out = [(posix.POSIX_SPAWN_OPEN, fd, "/dev/null", posix.O_WRONLY, 0) for fd in (1, 2)]
pid = posix.posix_spawnp(sys.argv[1], sys.argv[1:], posix.environ, file_actions=out)
status, usage = posix.wait4(pid, 0)[1:]
print([status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024])
"""


def stacks(rng):
    """Stacks (of frames, the leaf first), each one a few calls and returns from the one before."""
    stack = [0]
    for _ in range(STACKS):
        del stack[: rng.randrange(4) if len(stack) > 6 else 0]
        if len(stack) < 60:
            stack[:0] = rng.choices(range(1, 1200), k=rng.randrange(4))
        yield stack or [0]


def describe(file, samples):
    """A recording in the language of tests/tools/profile_text.c: eight threads, each of which goes from stack to stack
    or stays where it is."""
    rng = random.Random(1)
    file.write("pid 7\nperiod_ns 1000000\nmode wall\nstart_ns 1000000\nepoch_ns 1700000000000000000\nzstd 1\n")
    for n in range(1200):
        name, line = f"Class{n // 40}.method{n // 4}", 10 * (n // 4) + n % 4 + 1
        where = f"/srv/app/package{n // 200}/module{n // 40}.py".encode().hex()
        file.write(f"frame {where} {name.encode().hex()} {line} {line} 4 20\n")
    for n, stack in enumerate(stacks(rng)):
        file.write(f"stack {n} {' '.join(map(str, stack))}\n")
    file.write(f"process 7 {b'python3'.hex()} {b'python3 app.py'.hex()}\n")
    for n in range(THREADS):
        file.write(f"who 0 0 {7 + n} {int(not n)} {f'thread {n}'.encode().hex()}\n")
    places, states = [rng.randrange(STACKS) for _ in range(THREADS)], [0] * THREADS
    for n in range(samples):
        thread = n % THREADS
        if rng.random() < 0.5:
            places[thread] = (places[thread] + rng.randrange(3)) % STACKS
        if rng.random() < 0.05:
            states[thread] = rng.choice(STATES)
        file.write(f"event {1000000 + n // THREADS * 1000000} {thread} {places[thread]} {states[thread]} 1\n")


def record(lab, samples):
    """Its binary file."""
    text, path = lab.dir / "recording.txt", lab.dir / "recording.bin"
    with text.open("w") as file:
        describe(file, samples)
    subprocess.run([TOOL, text, "binary", path], check=True, stdout=subprocess.DEVNULL)
    text.unlink()
    return path


def without_tape(path):
    """The same file as the reference would have written it: ours is found by a mark before its last 88 bytes."""
    data, plain = bytearray(path.read_bytes()), path.with_suffix(".plain")
    assert data[-96:-88] == b"TACHTAPE"
    data[-96] = 0
    plain.write_bytes(data)
    return plain


def measure(command):
    """(CPU seconds, peak MiB)"""
    launcher = ["/usr/bin/python3", "-I", "-S", "-c", MEASURE, *map(str, command)]
    status, cpu_s, peak = json.loads(subprocess.check_output(launcher, stdin=subprocess.DEVNULL))
    if status:
        raise RuntimeError(f"{' '.join(map(str, command))}: status {status:#x}")
    return cpu_s, peak


def replay(lab, plan):
    """A recording to every format, by us and by the reference."""
    table = Table(
        f"Replay of {plan.replay_samples:,} samples of {THREADS} threads",
        [
            ("form", "format"),
            ("ours", "tachyon-bpf: CPU (ms)"),
            ("plain", "without our part (ms)"),
            ("theirs", "reference: CPU (ms)"),
            ("times", "reference / ours"),
            ("peak", "tachyon-bpf: peak of memory (MiB)"),
            ("their_peak", "reference: peak (MiB)"),
            ("share", "ours / reference (%)"),
        ],
        limit="20 times as fast, in half of the memory",
        note="User and system time and the peak of the resident set, from start to exit, of replaying the same file. "
        "Ours reads what only it writes, the reference what both do; without our part, ours reads that too. "
        "The ratios are of the dearer one.",
    )
    path, out = record(lab, plan.replay_samples), lab.dir / "replayed"
    plain = without_tape(path)
    python = ["chroot", lab.path, "python3.15", "-m", "profiling.sampling"]
    for form in FORMATS:
        args = ["replay", f"--{form}", "-o", out]
        runs = [[measure([lab.tachyon, *args, file]) for file in (path, plain)] for _ in range(plan.replay_turns)]
        row = {
            "ours": spread(turn[0][0] * 1e3 for turn in runs),
            "plain": spread(turn[1][0] * 1e3 for turn in runs),
            "peak": max(peak for turn in runs for _, peak in turn),
        }
        if form not in OURS_ONLY:
            theirs = [measure([*python, *args, path]) for _ in range(plan.reference_replays)]
            row["theirs"] = spread(cpu_s * 1e3 for cpu_s, _ in theirs)
            row["their_peak"] = max(peak for _, peak in theirs)
            row["times"] = row["theirs"]["median"] / max(row["ours"]["median"], row["plain"]["median"])
            row["share"] = 100 * row["peak"] / row["their_peak"]
        table.add(form=form, **row)
    return table
