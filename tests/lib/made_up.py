# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Made-up recordings, sample by sample, in the language of tests/tools/profile_text.c, which gives them to the
writers."""

import collections
import os
import subprocess

import pytest

from tree import ROOT

TOOL = ROOT / "build" / "tests" / "tools" / "profile_text"

# enum tach_sample_state
ON_CPU, HAS_GIL, MAIN_THREAD, REUSED, EXCEPTION, GIL_REQUESTED = (1 << bit for bit in range(6))


def encode(text):
    return text.encode("utf-8", "surrogatepass").hex() or "-"


def run_tool(*args, status=0, **popen):
    if not os.access(TOOL, os.X_OK):
        pytest.fail(f"{TOOL} is missing: run `make tests` first")
    done = subprocess.run([TOOL, *map(str, args)], capture_output=True, timeout=60, **popen)
    assert done.returncode == status, done.stderr.decode()
    return done


Process = collections.namedtuple("Process", "pid name command")
Thread = collections.namedtuple("Thread", "process tid name main interp")
Sample = collections.namedtuple("Sample", "ns thread stack state weight")


class MadeUp:
    """A stack is (file, line, function)..., leaf first; of a function whose first line is known, that too. Times in
    ns, those of samples from the start on. Keeps what it was told."""

    START_NS = 5_000_000_000

    def __init__(self, pid=4711, period_ns=1_000_000, epoch_ns=1_700_000_000_123_456_000, mode="wall"):
        self.period_ns, self.mode = period_ns, mode
        self.lines = [
            f"pid {pid}",
            f"period_ns {period_ns}",
            f"mode {mode}",
            f"start_ns {self.START_NS}",
            f"epoch_ns {epoch_ns}",
        ]
        self.processes, self.threads, self.samples = [], [], []
        self.frames, self.stacks = {}, {}

    def process(self, pid, name="python3", command="python3 x.py"):
        self.lines.append(f"process {pid} {encode(name)} {encode(command)}")
        self.processes.append(Process(pid, name, command))
        return len(self.processes) - 1

    def thread(self, process, tid, name="", main=False, interp=0):
        self.lines.append(f"who {process} {interp} {tid} {int(main)} {encode(name)}")
        self.threads.append(Thread(process, tid, name, main, interp))
        return len(self.threads) - 1

    def _frame(self, frame):
        if frame not in self.frames:
            self.frames[frame] = len(self.frames)
            file, line, func, *first_line = frame
            self.lines.append(" ".join(map(str, ("frame", encode(file), encode(func), line, line, 4, 9, *first_line))))
        return self.frames[frame]

    def _stack(self, stack):
        if stack not in self.stacks:
            frames = [str(self._frame(frame)) for frame in stack]
            self.stacks[stack] = len(self.stacks)
            self.lines.append(f"stack {self.stacks[stack]} {' '.join(frames)}")
        return self.stacks[stack]

    def sample(self, ns, thread, stack, state=0, weight=1):
        sample = Sample(ns, thread, tuple(stack), state, weight)
        self.lines.append(f"event {self.START_NS + ns} {thread} {self._stack(sample.stack)} {state} {weight}")
        self.samples.append(sample)

    def wait(self, begin_ns, end_ns, thread, kind, fd, family, type_, local, peer, path=""):
        """local, peer: (address, port); path: of a Unix socket, @ for the 0 of an abstract one"""
        ends = f"{local[0]} {local[1]} {peer[0]} {peer[1]} {path}"
        begin, end = self.START_NS + begin_ns, self.START_NS + end_ns
        self.lines.append(f"wait {begin} {end} {thread} {kind} {fd} {int(family)} {int(type_)} {ends}")

    def write(self, path, form, output="-"):
        """The bytes of that format; @path: for the description."""
        path.write_text("\n".join(self.lines) + "\n")
        return run_tool(path, form, output).stdout
