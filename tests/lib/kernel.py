# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the kernel tells: BPF statistics, CPU clocks, what machine this is."""

import ctypes
import fcntl
import os
import pathlib
import platform
import re
import struct
import time

BPF_CALL = {"x86_64": 321, "aarch64": 280}  # number of bpf(2)
PERF_EVENT_OPEN_CALL = {"x86_64": 298, "aarch64": 241}
BPF_PROG_LOAD, BPF_ENABLE_STATS = 5, 32  # enum bpf_cmd; run time is type 0
BPF_PROG_TYPE_PERF_EVENT = 7
PERF_ATTR_SIZE = 128
PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK = 1, 0
EXCLUDE_IDLE = 1 << 7  # of the bit field of struct perf_event_attr
PERF_FLAG_FD_CLOEXEC = 8
PERF_EVENT_IOC_SET_BPF = 0x40042408


def call(number, *args):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(number[platform.machine()], *args)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


class BpfStatistics:
    """The kernel counts runs and run time of BPF programs while this is held."""

    def __enter__(self):
        attr = ctypes.create_string_buffer(128)
        self.fd = call(BPF_CALL, BPF_ENABLE_STATS, attr, len(attr))
        return self

    def __exit__(self, *error):
        os.close(self.fd)


class EmptyProgram:
    """A BPF program for timers that does nothing, while this is held. Its run time is counted if BpfStatistics is."""

    # r0 = 0; exit
    CODE = struct.pack("BBhi", 0xB7, 0, 0, 0) + struct.pack("BBhi", 0x95, 0, 0, 0)

    def __enter__(self):
        code, licence = ctypes.create_string_buffer(self.CODE), ctypes.create_string_buffer(b"GPL")
        attr = ctypes.create_string_buffer(128)
        addresses = ctypes.addressof(code), ctypes.addressof(licence)
        struct.pack_into("IIQQ", attr, 0, BPF_PROG_TYPE_PERF_EVENT, len(self.CODE) // 8, *addresses)
        self.fd = call(BPF_CALL, BPF_PROG_LOAD, attr, len(attr))
        return self

    def __exit__(self, *error):
        os.close(self.fd)

    def run_ns(self):
        with open(f"/proc/self/fdinfo/{self.fd}") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("run_time_ns:"))

    def run_ns_in(self, seconds):
        before = self.run_ns()
        time.sleep(seconds)
        return self.run_ns() - before


class BareTimers:
    """Timers as the profiler's (user/load/perf.c), on all CPUs, while this is held. program: an EmptyProgram, or none
    at all."""

    def __init__(self, rate, program=None):
        self.period_ns = 10**9 // rate
        self.program = program

    def __enter__(self):
        attr = bytearray(PERF_ATTR_SIZE)
        head = (PERF_TYPE_SOFTWARE, PERF_ATTR_SIZE, PERF_COUNT_SW_CPU_CLOCK, self.period_ns)
        struct.pack_into("IIQQ", attr, 0, *head)
        struct.pack_into("Q", attr, 40, EXCLUDE_IDLE)
        buffer = (ctypes.c_char * len(attr)).from_buffer(attr)
        self.fds = [
            call(PERF_EVENT_OPEN_CALL, buffer, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC) for cpu in os.sched_getaffinity(0)
        ]
        for fd in self.fds if self.program else ():
            fcntl.ioctl(fd, PERF_EVENT_IOC_SET_BPF, self.program.fd)
        return self

    def __exit__(self, *error):
        for fd in self.fds:
            os.close(fd)


def cpu_seconds(pid):
    return time.clock_gettime((~pid << 3) | 2)  # CPU clock of a process: CPUCLOCK_SCHED


def tree_cpu_seconds(pid):
    """Of a process and its living descendants."""
    total = cpu_seconds(pid)
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/children") as file:
            total += sum(map(tree_cpu_seconds, map(int, file.read().split())))
    return total


def machine():
    with open("/proc/cpuinfo") as file:
        is_virtual = " hypervisor" in file.read()
    release = re.match(r"\d+\.\d+(\.\d+)?", os.uname().release).group()
    return {
        "cpus": os.cpu_count(),
        "kind": "virtual machine" if is_virtual else "machine",
        "arch": platform.machine(),
        "linux": release,
    }


def stolen_seconds():
    """Time that the hypervisor ran something else: a process's clock goes on, no timer ticks."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")
