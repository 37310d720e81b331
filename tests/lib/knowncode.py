# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Is each frame a function that there is, at a line of it?"""

import json
import subprocess

GETPATH = "<frozen getpath>"  # the first thing that an interpreter runs: no module that it tells of


class KnownCode:
    """command: an interpreter and what follows it: the path of tests/targets/known_code.py, and its
    arguments."""

    def __init__(self, command, **popen):
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, **popen)
        assert done.returncode == 0, done.stderr
        self.functions = json.loads(done.stdout)

    def is_real(self, frames):
        """frames: (file as in a collapsed file, function, line)"""
        return all(file == GETPATH or self.is_at(file, function, line) for file, function, line in frames)

    def is_at(self, file, function, line):
        lines = self.functions.get(file, {}).get(function)
        return lines is not None and (line == 0 or line in lines)
