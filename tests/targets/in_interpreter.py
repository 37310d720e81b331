# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs a program in a subinterpreter.

usage: in_interpreter.py KIND PROGRAM [ARGUMENT...]     KIND: legacy (shares the GIL), isolated (has its own)
"""

import _interpreters
import sys


def run():
    """In the other interpreter, where argv is a global of its own."""
    import os
    import sys

    sys.argv = list(argv)
    sys.path.insert(0, os.path.dirname(argv[0]))
    with open(argv[0], encoding="utf-8") as file:
        source = file.read()
    exec(compile(source, argv[0], "exec"), globals())


kind, *argv = sys.argv[1:]
config = _interpreters.new_config(kind, allow_daemon_threads=True)
interpreter = _interpreters.create(config)
_interpreters.set___main___attrs(interpreter, {"argv": tuple(argv)})
problem = _interpreters.exec(interpreter, run)
if problem:
    sys.exit(str(problem))
