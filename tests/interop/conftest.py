# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The programs that read what we write, and things for them to read."""

import shutil
import tempfile
from pathlib import Path

import pytest

from firefox import Firefox
from speedscope import Speedscope
from tree import ROOT

PACKAGES = ROOT / "build" / "interop" / "node_modules"


def package(name, file):
    """Path of a file in an npm package."""
    path = PACKAGES / name / file
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `make interop`")
    return path


@pytest.fixture(scope="module")
def shared_dir(lab):
    """A directory that has the same name inside the lab and outside."""
    inside = Path(tempfile.mkdtemp(prefix="tachyon-interop-", dir=lab / "tmp"))
    path = Path("/tmp") / inside.name
    path.symlink_to(inside)
    yield path
    path.unlink()
    shutil.rmtree(inside)


@pytest.fixture
def firefox(tmp_path):
    """firefox(path): the file in the Firefox Profiler."""
    opened = []

    def load(path):
        directory = tmp_path / f"firefox{len(opened)}"
        directory.mkdir()
        cli = package("@firefox-devtools/profiler-cli", "dist/profiler-cli.js")
        opened.append(Firefox(cli, directory, path))
        return opened[-1].__enter__()

    yield load
    for each in opened:
        each.__exit__()


@pytest.fixture(scope="session")
def speedscope():
    with Speedscope(package("speedscope", "dist/release/index.html")) as app:
        yield app
