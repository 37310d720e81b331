# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""CPython's own profiler, in the lab: it profiles only programs of its own version."""

import subprocess

from processes import wait_until
from results import collapsed
from tree import ROOT

VERSION = "3.15"


class Reference:
    """It profiles a process from the construction on until that ends. directory: one with the same path in the lab
    and outside."""

    def __init__(self, directory, pid, *options):
        self.output, self.text = directory / "reference.txt", directory / "reference.stdout"
        command = [f"python{VERSION}", "-u", "-m", "profiling.sampling", "attach", "--realtime-stats", "--no-gc"]
        command += ["--collapsed", "-o", self.output, *options, pid]
        with self.text.open("w") as text:
            self.process = subprocess.Popen(
                [ROOT / "scripts" / "lab.sh", "run", *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=text,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(timeout=10)

    def wait_sampling(self):
        """It says something after a second."""

        def sampling():
            assert self.process.poll() is None, self.text.read_text()
            return "Stats:" in self.text.read_text()

        wait_until(sampling, 30, "the start of the reference")

    def rows(self):
        """Wait for its end; its samples, as collapsed() makes them."""
        assert self.process.wait(60) == 0, self.text.read_text()
        return collapsed(self.output)
