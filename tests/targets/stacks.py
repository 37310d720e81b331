# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Records, from inside, every stack that a program has: at each call, return, line and instruction.

sys.settrace() tells of these; what stands below the traced frame is read with f_back. A stack is a path
in a tree of [parent, key], a key is [file, function, line, made]; line 0: an instruction without a line.
made: it is the first line of a generator or a coroutine. Its making, by the caller, is not told by the
tracing."""
import inspect
import os

ROOT = -1
MADE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class Recorder:
    def __init__(self):
        self.keys = {}
        self.nodes = {}
        self.below = {}  # id of a frame that runs -> node of its caller

    def node(self, frame):
        if frame is None:  # below the first of a thread, or of a greenlet
            return ROOT
        below = self.below.get(id(frame))
        if below is None:  # older than the tracing
            below = self.node(frame.f_back)
        code, line = frame.f_code, frame.f_lineno or 0
        made = line == code.co_firstlineno and bool(code.co_flags & MADE)
        key = (os.path.basename(code.co_filename), code.co_qualname, line, made)
        key = self.keys.setdefault(key, len(self.keys))
        return self.nodes.setdefault((below, key), len(self.nodes))

    def trace(self, frame, event, _):
        if event == "call":  # also when a generator goes on, with another caller
            frame.f_trace_opcodes = True
            self.below[id(frame)] = self.node(frame.f_back)
        self.node(frame)
        if event == "return":  # or a generator gives a value
            del self.below[id(frame)]
        return self.trace

    def stacks(self):
        return {"keys": list(self.keys), "nodes": list(self.nodes)}
