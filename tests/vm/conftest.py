# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Virtual machines with other kernels: each is run once (scripts/vm.sh), the tests judge what it left.

Environment:
  KERNEL  series, e.g. KERNEL=6.12 or KERNEL="6.1 6.12" (default: all three)
  ARCH    x86_64 or arm64 (default: this machine's own)
  VM_OUT  folder for what they leave (default build/vm)
"""

import json
import os
import pathlib
import platform
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KERNELS = os.environ.get("KERNEL", "6.1 6.12 7.2").replace(",", " ").split()
ARCH = os.environ.get("ARCH") or platform.machine().replace("aarch64", "arm64")
SHOWN = 15  # lines of a step that failed
OUT = pathlib.Path(os.environ.get("VM_OUT", ROOT / "build" / "vm"))


class Guest:
    """What a virtual machine left behind. Of step NAME: NAME.code, NAME.out, NAME.err."""

    def __init__(self, kernel):
        self.kernel, self.arch = kernel, ARCH
        self.dir = OUT / f"{kernel}-{ARCH}"
        self.figures = {}
        done = subprocess.run(
            [str(ROOT / "scripts" / "vm.sh"), "run", kernel, ARCH, str(self.dir)],
            capture_output=True,
            text=True,
            errors="replace",
        )
        self.error = done.stderr if done.returncode else None

    def path(self, name):
        return self.dir / "results" / name

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8", errors="replace")

    def code(self, step):
        return int(self.text(step + ".code"))

    def succeeded(self, step):
        """The step's output, if its exit code is 0."""
        code = self.code(step)
        if code:
            said = (self.text(step + ".out") + self.text(step + ".err")).splitlines()
            end = "\n".join(said[-SHOWN:])
            raise AssertionError(f"{step}: exit code {code}\n{end}\n(all of it: {self.path(step)}.*)")
        return self.text(step + ".out")


GUESTS = {}


@pytest.fixture(params=KERNELS, ids=lambda kernel: f"{kernel}-{ARCH}")
def guest(request):
    if request.param not in GUESTS:
        GUESTS[request.param] = Guest(request.param)
    if GUESTS[request.param].error:
        pytest.fail(GUESTS[request.param].error, pytrace=False)
    return GUESTS[request.param]


def pytest_collection_modifyitems(items):
    """All tests of one machine, then those of the next."""
    items.sort(key=lambda item: KERNELS.index(item.callspec.params["guest"]))


def pytest_terminal_summary(terminalreporter):
    """What was measured, for people; and as JSON."""
    for guest in GUESTS.values():
        terminalreporter.write_line(f"{guest.kernel} {guest.arch}:")
        for name, value in guest.figures.items():
            terminalreporter.write_line(f"  {name}: {value}")
        if guest.figures:
            (guest.dir / "figures.json").write_text(json.dumps(guest.figures, indent=1) + "\n")
