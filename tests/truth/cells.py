# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The cells of the truth: a version of CPython in one of the flavours it is built and found in.

Environment: PY="3.14 3.15" and FLAVOUR="gil jit" choose some of them (default: all).
"""

import dataclasses
import functools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import engines
from tree import ROOT, TARGETS, VERSIONS


@dataclasses.dataclass
class Cell:
    """command: what starts this interpreter, the program's path is to follow. env: what is to be set.
    launchers: programs of ours, in Python, that the command runs first."""

    version: str
    flavour: str
    command: list
    env: dict = dataclasses.field(default_factory=dict)
    launchers: list = dataclasses.field(default_factory=list)

    @property
    def name(self):
        return f"{self.version}-{self.flavour}"


class Declared(Exception):
    """There is no such cell, and that is known: the reason."""


@functools.cache
def made_dir(lab):
    """For what cells need, to the end of the run. Its path in the lab is /tmp/NAME."""
    made = tempfile.TemporaryDirectory(prefix="tachyon-cells-", dir=lab / "tmp")
    os.chmod(made.name, 0o755)
    made_dir.kept = made
    return pathlib.Path(made.name)


def in_lab(lab, path):
    return "/" + str(path.relative_to(lab))


def copy_launcher(lab, name):
    """Path in the lab of a program of tests/targets."""
    return in_lab(lab, pathlib.Path(shutil.copy(TARGETS / name, made_dir(lab))))


def gil(lab, version):
    """Debian's build."""
    return Cell(version, "gil", ["chroot", lab, f"python{version}"])


def built(flavour, **why_not):
    """A build of ours; why_not: reasons by version, as v3_13=..."""

    def make(lab, version):
        reason = why_not.get("v" + version.replace(".", "_"))
        if reason:
            raise Declared(reason)
        done = subprocess.run(
            [ROOT / "scripts" / "flavours.sh", "path", f"{version}-{flavour}"], stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            raise RuntimeError(f"scripts/flavours.sh cannot make {version}-{flavour}")
        return Cell(version, flavour, [done.stdout.strip()])

    return make


def jit(lab, version):
    """Debian's build, which has it, but off."""
    if version == "3.13":
        raise Declared("Debian's 3.13 is built without the JIT")
    return Cell(version, "jit", ["chroot", lab, f"python{version}"], {"PYTHON_JIT": "1"})


def embedded(flavour, suffix):
    """A program of another name that loads Python as a library; suffix "d": its debug build."""

    def make(lab, version):
        embedder = made_dir(lab) / "embedder"
        engines.build_embedder(embedder)
        library = engines.library(lab, version, suffix)
        return Cell(version, flavour, ["chroot", lab, in_lab(lab, embedder), library], {"PYTHONHOME": "/usr"})

    return make


def no_sections(lab, version):
    copy = made_dir(lab) / f"no-sections-{version}"
    engines.copy_without_sections(lab / "usr" / "bin" / f"python{version}", copy)
    return Cell(version, "no-sections", ["chroot", lab, in_lab(lab, copy)])


def gone(fate):
    """Debian's build, the file of which is removed, or is another one, from before it starts."""

    def make(lab, version):
        copy = made_dir(lab) / f"{fate}-{version}"
        shutil.copy(lab / "usr" / "bin" / f"python{version}", copy)
        return Cell(version, fate, [sys.executable, TARGETS / "gone.py", fate, lab, copy, f"python{version}"])

    return make


def uwsgi(lab, version):
    """The server, with Python in it."""
    plugin = f"python{version.replace('.', '')}"
    if not (lab / "usr/lib/uwsgi/plugins" / f"{plugin}_plugin.so").exists():
        raise Declared(f"Debian's uwsgi has no plugin of Python {version}")
    launcher = copy_launcher(lab, "in_uwsgi.py")
    # In the process itself, without a master or a worker; it insists on a socket.
    server = f"uwsgi --plugin {plugin} --enable-threads --need-app=false --socket @tachyon-truth-$$"
    run = f'exec {server} --pyrun {launcher} --pyargv "$*" 3>&1'
    return Cell(version, "uwsgi", ["chroot", lab, "sh", "-c", run, "sh"], launchers=[launcher])


def subinterpreter(kind):
    """kind: "legacy" shares the main interpreter's GIL, "isolated" has its own."""

    def make(lab, version):
        launcher = copy_launcher(lab, "in_interpreter.py")
        command = ["chroot", lab, f"python{version}", launcher, kind]
        return Cell(version, f"{kind}-subinterpreter", command, launchers=[launcher])

    return make


# Makes the cell of a version, or raises Declared. lab: path of the lab.
FLAVOURS = {
    "gil": gil,
    "free-threaded": built("free-threaded"),
    "jit": jit,
    "tail-call": built("tail-call", v3_13="3.13 has no tail-calling interpreter"),
    "debug": embedded("debug", "d"),
    "shared": embedded("shared", ""),
    "static-pie": built(
        "static-pie", v3_13="of 3.15 only: how it is linked does not depend on it", v3_14="as of 3.13"
    ),
    "musl": built("musl", v3_13="of 3.15 only: the libc does not depend on it", v3_14="as of 3.13"),
    "no-sections": no_sections,
    "deleted": gone("deleted"),
    "replaced": gone("replaced"),
    "uwsgi": uwsgi,
    "legacy-subinterpreter": subinterpreter("legacy"),
    "isolated-subinterpreter": subinterpreter("isolated"),
}
WANTED = os.environ.get("FLAVOUR", "").replace(",", " ").split() or list(FLAVOURS)
CELLS = [(version, flavour) for flavour in WANTED for version in VERSIONS]
