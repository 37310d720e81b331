# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Reads an interpreter from outside with a layout of ours: the slow and plain twin of the walker."""

import struct

ENTRY_AT_ROOT = 1 << 1
COUNTS_MADE = 1 << 2
ENCODINGS = {1: "latin-1", 2: "utf-16-le", 4: "utf-32-le"}


class Interpreter:
    """layout: fields of struct tach_layout by name."""

    def __init__(self, pid, layout):
        self.memory = open(f"/proc/{pid}/mem", "rb", buffering=0)
        self.layout = layout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()

    def read(self, addr, size):
        self.memory.seek(addr)
        data = self.memory.read(size)
        assert len(data) == size, f"{size} bytes at {addr:#x}"
        return data

    def number(self, addr, kind="Q"):
        return struct.unpack("=" + kind, self.read(addr, struct.calcsize("=" + kind)))[0]

    def field(self, addr, name, kind="Q"):
        return self.number(addr + self.layout[name], kind)

    def string(self, addr):
        state = self.field(addr, "un_state", "I") >> self.layout["un_kind_shift"]
        kind, compact, ascii_only = state & 7, state >> 3 & 1, state >> 4 & 1
        assert compact
        start = addr + self.layout["un_ascii_sz" if ascii_only else "un_compact_sz"]
        return self.read(start, self.field(addr, "un_length") * kind).decode(ENCODINGS[kind])

    def bytes(self, addr):
        return self.read(addr + self.layout["by_data"], self.field(addr, "by_size"))

    def thread_states(self):
        """Addresses, of all interpreters."""
        interpreter = self.field(self.layout["runtime_addr"], "rt_interpreters_head")
        while interpreter:
            thread = self.field(interpreter, "is_threads_head")
            while thread:
                assert self.field(thread, "ts_interp") == interpreter
                yield thread
                thread = self.field(thread, "ts_next")
            interpreter = self.field(interpreter, "is_next")

    def holds_gil(self, thread):
        return bool(self.field(thread, "ts_holds_gil", "I") & self.layout["ts_holds_gil_mask"])

    def frames(self, thread):
        """(owner, address of the code object, instruction pointer), leaf first, to the end."""
        frame = self.field(thread, "ts_current_frame")
        while frame:
            code = self.field(frame, "fr_executable") & ~self.layout["fr_tag_mask"]
            yield self.field(frame, "fr_owner", "B"), code, self.field(frame, "fr_instr_ptr")
            frame = self.field(frame, "fr_previous")

    def describe(self, code, instr_ptr):
        """As tests/targets/standing.py does."""
        return [
            self.string(self.field(code, "co_qualname")),
            self.string(self.field(code, "co_filename")),
            self.field(code, "co_firstlineno", "i"),
            instr_ptr - (code + self.layout["co_code"]),
            self.bytes(self.field(code, "co_linetable")).hex(),
        ]
