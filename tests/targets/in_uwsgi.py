# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Runs a program in uwsgi, which lets sys.stdout be stderr: here it is what was open as file 3.

usage: uwsgi --pyrun in_uwsgi.py --pyargv "PROGRAM [ARGUMENT...]"
"""

import os
import sys

sys.stdout = open(3, "w", encoding="utf-8")
del sys.argv[0]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
with open(sys.argv[0], encoding="utf-8") as file:
    source = file.read()
exec(compile(source, sys.argv[0], "exec"))
