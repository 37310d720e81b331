# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Interpreters in other clothes: a file without its sections, a program that embeds Python."""

import os
import subprocess

from tree import TARGETS


def copy_without_sections(source, path):
    """What some packers leave: a file that runs, but has no table of sections."""
    elf = bytearray(source.read_bytes())
    elf[0x28:0x30] = bytes(8)  # e_shoff
    elf[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    path.write_bytes(elf)
    path.chmod(0o755)


def library(lab, version, suffix=""):
    """Path in the lab of Python as a library, with suffix "d" its debug build."""
    path = f"/usr/lib/{os.uname().machine}-linux-gnu/libpython{version}{suffix}.so.1.0"
    assert (lab / path[1:]).exists()
    return path


def build_embedder(path):
    """The program embed.c; it needs PYTHONHOME=/usr in the lab."""
    subprocess.run(["cc", "-o", path, TARGETS / "embed.c"], check=True, timeout=60)
