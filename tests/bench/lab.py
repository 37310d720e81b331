# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Targets in the lab, and runs of the profilers on them with their cost."""

import collections
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
from results import Counts  # noqa: E402  what the tests read from a run is what we read

TARGETS = ROOT / "tests" / "targets"
CPUS = sorted(os.sched_getaffinity(0))
BPF = re.compile(r"^tachyon-bpf: bpf run_ns (\d+) run_cnt (\d+) verified_insns (\d+)$", re.M)
READY = re.compile(r"ready after ([\d.]+) ms \(open and verify ([\d.]+), attach ([\d.]+)\)")
CAPTURED = re.compile(r"^Captured ([\d,]+) samples? in", re.M)
REC_SAMPLE = 1  # bpf/tach_wire.h
RAW_ALIGN = 8  # user/read/raw_out.h

BpfTime = collections.namedtuple("BpfTime", "run_ns run_cnt verified_insns")
# A run of a profiler. cpu_s: user and system time of its process and the ones it started, from start to
# exit. bpf and counts: ours only.
Run = collections.namedtuple("Run", "cpu_s wall_s samples start_ns bpf counts text stdout")


class Target:
    """A program in the lab. It runs only when it is let: others are not disturbed by it."""

    def __init__(self, lab, version, name, *args, cpu=None, nice=0):
        self.progress_path = lab.dir / f"progress.{len(lab.targets)}"
        self.progress_path.write_bytes(bytes(8))
        script = lab.dir / name
        shutil.copy(TARGETS / name, script)
        command = ["chroot", str(lab.path), f"python{version}", str(script), *map(str, args), str(self.progress_path)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        lab.targets.append(self)
        self.pid = self.process.pid
        if cpu is not None:
            os.sched_setaffinity(self.pid, {cpu})
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{name} did not start")
        for tid in map(int, os.listdir(f"/proc/{self.pid}/task")):
            os.setpriority(os.PRIO_PROCESS, tid, nice)
            if cpu is not None:  # threads that it started meanwhile
                os.sched_setaffinity(tid, {cpu})
        self.stop()

    def progress(self):
        return struct.unpack("Q", self.progress_path.read_bytes())[0]

    def stop(self):
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self):
        self.resume()
        time.sleep(0.05)  # it has its caches again
        return self

    def __exit__(self, *error):
        self.stop()

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Lab:
    """The lab, a directory with the same path in it and outside, and everything started in it."""

    def __init__(self):
        self.tachyon = os.environ.get("TACHYON", str(ROOT / "build" / "tachyon-bpf"))
        self.lab_sh = str(ROOT / "scripts" / "lab.sh")
        path = os.environ.get("LAB") or subprocess.check_output([self.lab_sh, "path"], text=True).strip()
        self.path = pathlib.Path(path).resolve()
        self.targets = []

    def __enter__(self):
        self._inside = pathlib.Path(tempfile.mkdtemp(prefix="tachyon-bench-", dir=self.path / "tmp"))
        self._inside.chmod(0o755)
        self.dir = pathlib.Path("/tmp") / self._inside.name
        self.dir.symlink_to(self._inside)
        return self

    def __exit__(self, *error):
        self.end_targets()
        self.dir.unlink()
        shutil.rmtree(self._inside)

    def end_targets(self):
        while self.targets:
            self.targets.pop().end()

    def target(self, version, name, *args, **how):
        return Target(self, version, name, *args, **how)

    def python_version(self, version):
        command = ["chroot", str(self.path), f"python{version}", "-c", "import sys; print(sys.version.split()[0])"]
        return subprocess.check_output(command, text=True).strip()

    def ours(self, pid, rate, seconds, *args, mode="cpu"):
        """Command line of our profiler."""
        return [self.tachyon, "attach", str(pid), "--mode", mode, "-v", "-r", str(rate), "-d", str(seconds), *args]

    def reference(self, pid, rate, seconds, *args):
        """Command line of CPython's own profiler, which wants to run under the target's version."""
        command = f"exec python3.15 -m profiling.sampling attach -r {rate} -d {seconds} {' '.join(args)} {pid}"
        return [self.lab_sh, "run", "sh", "-c", command]


class Profiler:
    """A profiler that runs: ours or the reference."""

    def __init__(self, command):
        self.command = command
        self.is_ours = os.path.basename(command[0]) == "tachyon-bpf"
        # Files, not pipes: nobody has to read them while it runs.
        self.stdout, self.stderr = (tempfile.TemporaryFile(mode="w+") for _ in range(2))
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, self.stdout.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, self.stderr.fileno(), 2),
        ]
        self.start_ns = time.monotonic_ns()
        self.pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)

    def wait_ready(self):
        """Wait until the timers run (ours only)."""
        end = time.monotonic() + 10
        while b"ready after" not in os.pread(self.stderr.fileno(), 1 << 16, 0):
            if time.monotonic() > end:
                raise RuntimeError(f"{' '.join(self.command)}: not ready after 10 s")
            time.sleep(0.005)

    def finish(self):
        """Wait for its end; a Run."""
        _, status, usage = os.wait4(self.pid, 0)
        wall_s = (time.monotonic_ns() - self.start_ns) / 1e9
        texts = []
        for file in (self.stdout, self.stderr):
            file.seek(0)
            texts.append(file.read())
            file.close()
        if status:
            raise RuntimeError(f"{' '.join(self.command)}: status {status:#x}: {texts[1]}")
        cpu_s = usage.ru_utime + usage.ru_stime
        if self.is_ours:
            counts = Counts(texts[1])
            bpf = BpfTime(*map(int, BPF.search(texts[1]).groups()))
            return Run(cpu_s, wall_s, counts.status["SAMPLED"], self.start_ns, bpf, counts, texts[1], texts[0])
        captured = CAPTURED.search(texts[0])
        samples = int(captured.group(1).replace(",", "")) if captured else 0
        return Run(cpu_s, wall_s, samples, self.start_ns, None, None, texts[0], texts[0])


def first_sample_ns(path):
    """CLOCK_MONOTONIC of the first sample in a file of raw records."""
    data, pos = path.read_bytes(), 0
    while pos < len(data):
        kind, size = struct.unpack_from("II", data, pos)
        if kind == REC_SAMPLE:
            return struct.unpack_from("Q", data, pos + 8)[0]
        pos += (size + RAW_ALIGN - 1) // RAW_ALIGN * RAW_ALIGN
    raise RuntimeError("no sample among the raw records")
