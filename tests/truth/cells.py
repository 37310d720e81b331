# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The cells of the truth: a version of CPython in one of the flavours it is built and found in.

Environment: PY="3.14 3.15" and FLAVOUR="gil jit" choose some of them (default: all).
"""

import dataclasses
import os

from tree import VERSIONS


@dataclasses.dataclass
class Cell:
    """command: what starts this interpreter, the program's path is to follow. env: what is to be set."""

    version: str
    flavour: str
    command: list
    env: dict = dataclasses.field(default_factory=dict)

    @property
    def name(self):
        return f"{self.version}-{self.flavour}"


class Declared(Exception):
    """There is no such cell, and that is known: the reason."""


def gil(lab, version):
    """Debian's build."""
    return Cell(version, "gil", ["chroot", lab, f"python{version}"])


# Makes the cell of a version, or raises Declared. lab: path of the lab.
FLAVOURS = {"gil": gil}
WANTED = os.environ.get("FLAVOUR", "").replace(",", " ").split() or list(FLAVOURS)
CELLS = [(version, flavour) for flavour in WANTED for version in VERSIONS]
