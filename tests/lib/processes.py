# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Processes that the tests start, and waiting for what they do."""

import os
import pathlib
import signal
import subprocess
import time


def wait_until(condition, timeout=10.0, what="the condition"):
    """Call condition every 5 ms until it is true; return its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come true in {timeout} s")
        time.sleep(0.005)


def is_file(path_or_code):
    """Whether a target is given as a file, not as its text."""
    return isinstance(path_or_code, pathlib.Path) or (
        "\n" not in path_or_code and os.path.isfile(path_or_code)
    )


class LabProcess(subprocess.Popen):
    """A process in the lab; .pid is the interpreter's. stdout and stderr go to files unless the
    caller says otherwise, so a target never blocks on a pipe that nobody reads."""

    stdout_path = None
    stderr_path = None

    def output(self):
        return self.stdout_path.read_text()

    def error_output(self):  # "errors" is Popen's own
        return self.stderr_path.read_text()

    def wait_line(self, line="ready", timeout=20.0):
        """Wait until the target has printed this line (flushed)."""

        def seen():
            if line in self.output().splitlines():
                return True
            if self.poll() is not None and line not in self.output().splitlines():
                raise RuntimeError(f"target ended ({self.returncode}) before {line!r}: {self.error_output()}")
            return False

        wait_until(seen, timeout, f"line {line!r} of the target")

    def end(self):
        """End it and what it started: it leads a session of its own."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.wait(timeout=10)
