# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs of the profiler beside which something happens, what came of them, and what they left."""

import ast
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

from processes import wait_until
from results import Counts, collapsed, functions
from shares import expect

NAME = "tachyon-bpf"
PROGRAMS = ("tach_tick", "tach_exec")
BPFTOOL = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Profile:
    """The result of a run that has ended well: rows as collapsed() makes them, and the counters."""

    def __init__(self, path, stdout, stderr):
        self.path = path
        self.rows = collapsed(path)
        self.counts = Counts(stderr)
        self.stdout, self.stderr = stdout, stderr
        assert sum(count for *_, count in self.rows) == self.counts.samples

    @property
    def tids(self):
        return {tid for tid, *_ in self.rows}

    def functions(self, tid=None):
        """{function: samples in which it was on the stack}"""
        return functions(row for row in self.rows if tid in (None, row[0]))


class Recording:
    """The profiler at work: Recording(tachyon, directory, "attach", pid, "-d", 1). As a context
    manager it ends with the block. gc: with markers of garbage collection, which most programs do not expect
    in their stacks."""

    def __init__(
        self,
        tachyon,
        directory,
        command,
        *args,
        prefix=(),
        output="profile.txt",
        form="--collapsed",
        gc=False,
        **popen,
    ):
        self.output = directory / output
        self.stdout, self.stderr = directory / "profiler.stdout", directory / "profiler.stderr"
        options = ["--mode", "cpu", "--verbose", form, "-o", self.output]
        options += [] if gc else ["--no-gc"]
        with self.stdout.open("w") as stdout, self.stderr.open("w") as stderr:
            popen = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr} | popen
            self.process = subprocess.Popen(
                [*map(str, [*prefix, tachyon, command, *options, *args])], **popen
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=60)

    def wait_sampling(self):
        """Until the timers run."""

        def sampling():
            assert self.process.poll() is None, self.stderr.read_text()
            return "ready after" in self.stderr.read_text()

        wait_until(sampling, what="the start of the sampling")

    def wait(self, timeout=60):
        """Until it ends; its exit code, with a minus a signal."""
        return self.process.wait(timeout)

    def profile(self, code=0):
        """Wait for the end, which is to have this exit code; the result."""
        assert self.wait() == code, self.stderr.read_text()
        return Profile(self.output, self.stdout.read_text(), self.stderr.read_text())


def attach(tachyon, directory, pid, *args):
    """Profile a process to the end of the given duration."""
    return Recording(tachyon, directory, "attach", *args, pid).profile()


class Source:
    """Which lines the functions of a program have, by their qualified names."""

    def __init__(self, text):
        self.lines = collections.defaultdict(set)
        self.add(ast.parse(text), "<module>", "", range(1, text.count("\n") + 2))

    def add(self, node, name, prefix, lines):
        self.lines[name] |= set(lines)
        for child in ast.walk(node):
            if child is not node and isinstance(child, ast.GeneratorExp):
                name_of_child = f"{prefix}<genexpr>"
                self.lines[name_of_child] |= set(range(child.lineno, child.end_lineno + 1))
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.Lambda)):
                own = prefix + getattr(child, "name", "<lambda>")
                self.add(child, own, own + ".<locals>.", range(child.lineno, child.end_lineno + 1))


def check_lines(frames, source):
    """Each frame is on a line of its own function's body; a leaf may be at an instruction that has no
    line, such as the first one of a generator."""
    for function, line in frames[:-1]:
        assert line in source.lines[function], frames
    function, line = frames[-1]
    assert line in source.lines[function] or line == 0, frames


def check_chain(rows, file, source, chain):
    """Every stack is the beginning of this chain of functions in that file. Number of samples."""
    for _, frames, _ in rows:
        assert [frame[0] for frame in frames] == [file] * len(frames), frames
        assert tuple(frame[1] for frame in frames) == chain[: len(frames)], frames
        check_lines([frame[1:] for frame in frames], source)
    return sum(count for *_, count in rows)


def share(profile, rate=1000):
    """Ticks on the sampled threads, as a share of what their CPU time is worth."""
    ticks = sum(profile.counts.status.values())
    return (ticks - profile.counts.status["OTHER_THREAD"]) / (rate * profile.counts.cpu_s)


def check_share(profile, rate=1000):
    """The program was sampled as often as it ran, roughly: how exactly is test_truth.py's matter, and
    a virtual machine that has to wait for its own CPU misses some."""
    assert profile.counts.cpu_s > 0.05
    expect(0.7 < share(profile, rate) < 1.2, share(profile, rate))


def claim_version(python, copy, version_hex):
    """Copy an interpreter that says in its table of offsets that it is of another version."""
    elf = bytearray(python.read_bytes())
    at = elf.index(b"xdebugpy")
    while int.from_bytes(elf[at + 8 : at + 16], sys.byteorder) >> 24 != 3:
        at = elf.index(b"xdebugpy", at + 1)
    elf[at + 8 : at + 16] = version_hex.to_bytes(8, sys.byteorder)
    copy.write_bytes(elf)
    copy.chmod(0o755)


def our_programs():
    """Ids of our programs in the kernel. What is attached holds its program."""
    done = subprocess.run([BPFTOOL, "-j", "prog"], capture_output=True, check=True, timeout=20)
    return {prog["id"] for prog in json.loads(done.stdout) if prog.get("name") in PROGRAMS}


def programs_of_profilers():
    """Ids of the BPF programs that running profilers hold: this test's, or somebody else's."""
    ids = set()
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            if comm.read_text() != NAME + "\n":
                continue
            for info in (comm.parent / "fdinfo").iterdir():
                for line in info.read_text().splitlines():
                    if line.startswith("prog_id:"):
                        ids.add(int(line.split()[1]))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return ids


def check_nothing_left():
    """No program of ours is in the kernel without a profiler. (It frees them a moment later.)"""
    wait_until(lambda: not our_programs() - programs_of_profilers(), 5, "the end of our BPF programs")
