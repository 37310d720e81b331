# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs a program in a subinterpreter.

usage: in_interpreter.py KIND PROGRAM [ARGUMENT...]     KIND: legacy (shares the GIL), isolated (has its own)
"""

import _interpreters
import sys

CODE = """
import sys
sys.argv = {argv!r}
with open({path!r}, encoding="utf-8") as file:
    source = file.read()
exec(compile(source, {path!r}, "exec"))
"""

kind, *argv = sys.argv[1:]
config = _interpreters.new_config(kind, allow_daemon_threads=True)
interpreter = _interpreters.create(config)
problem = _interpreters.run_string(interpreter, CODE.format(argv=argv, path=argv[0]))
if problem:
    sys.exit(str(problem))
