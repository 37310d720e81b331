# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Fixtures of the truth: what every check of a cell (cells.py) has at hand.

A check is a test with the fixture cell. It says what it measured with figure(), and asserts only what
must hold: counts that must be 0, sums, shares within a stated confidence bound; never a time. A quick pass makes
some checks in every cell: which stacks, lines, threads and sums; the others (marker thorough) in the plain ones.
Environment: PY, FLAVOUR as in cells.py; TRUTH=full measures longer (default: quick, as in make check);
TRUTH_OUT is the folder of the figures (default build/truth).
"""

import json
import os
import pathlib
import subprocess

import pytest

import cells
from processes import LabProcess
from profiled import Recording
from tree import ROOT

FULL = os.environ.get("TRUTH") == "full"
OUT = pathlib.Path(os.environ.get("TRUTH_OUT", ROOT / "build" / "truth"))
PLAIN = ("gil", "free-threaded")
FIGURES = {}  # cell -> check -> name -> value
MADE = {}  # (version, flavour) -> Cell, or why there is none


def pytest_configure(config):
    config.addinivalue_line("markers", "flavours(*names): the check says nothing new in other flavours")
    config.addinivalue_line("markers", "versions(*names): the check is of these only")
    config.addinivalue_line("markers", "thorough: a quick pass makes the check in the plain flavours only")


def flavours_of(test):
    """The flavours that the markers of a test leave."""
    marker = test.get_closest_marker("flavours")
    flavours = set(marker.args if marker else cells.FLAVOURS)
    if test.get_closest_marker("thorough") and not FULL:
        flavours &= set(PLAIN)
    return flavours


def pytest_generate_tests(metafunc):
    if "cell" in metafunc.fixturenames:
        flavours = flavours_of(metafunc.definition)
        versions = metafunc.definition.get_closest_marker("versions")
        wanted = [cell for cell in cells.CELLS if cell[1] in flavours and (not versions or cell[0] in versions.args)]
        metafunc.parametrize("cell", wanted, ids=map("-".join, wanted), indirect=True)


def pytest_collection_modifyitems(items):
    """What needs no cell, then all checks of one cell, then those of the next."""

    def place(item):
        params = item.callspec.params if hasattr(item, "callspec") else {}
        return cells.CELLS.index(params["cell"]) if "cell" in params else -1

    # Checks of other flavours than those that are wanted, which pytest would call skipped.
    items[:] = [item for item in items if item.get_closest_marker("skip") is None]
    items.sort(key=place)


def check_name(request, cell):
    """"known call graph" of test_known_call_graph[3.15-gil], with other parameters behind it."""
    name = request.node.originalname.removeprefix("test_").replace("_", " ")
    others = request.node.callspec.id.replace(cell.name, "").strip("-").replace("--", "-")
    return f"{name}, {others}" if others else name


@pytest.fixture
def cell(request, lab):
    """The cell under test. One that does not exist is skipped with its reason, in the table too."""
    version, flavour = request.param
    if request.param not in MADE:
        try:
            MADE[request.param] = cells.FLAVOURS[flavour](lab, version)
        except cells.Declared as reason:
            MADE[request.param] = str(reason)
    made = MADE[request.param]
    row = FIGURES.setdefault(f"{version}-{flavour}", {})
    if isinstance(made, str):
        row["skipped"] = made
        pytest.skip(f"declared: {made}")
    return made


@pytest.fixture
def figure(request, cell):
    """figure(name, value): a figure of this check, as shown in the table of docs/truth.md."""
    row = FIGURES[cell.name].setdefault(check_name(request, cell), {})

    def add(name, value):
        row[name] = value

    return add


@pytest.fixture
def seconds():
    """seconds(quick, full): how long to measure."""
    return lambda quick, full: full if FULL else quick


@pytest.fixture
def start(cell, lab_dir, lab_script):
    """start(path_or_code, *args) -> LabProcess: run a program in the cell until it has printed "ready".
    Ended after the test, with what it has started. Files for it belong in lab_dir."""
    started = []

    def run(path_or_code, *args, name=None):
        script = lab_script(path_or_code, name)
        outs = [lab_dir / f"{which}.{len(started)}" for which in ("stdout", "stderr")]
        with outs[0].open("w") as stdout, outs[1].open("w") as stderr:
            proc = LabProcess(
                [*map(str, cell.command), str(script), *map(str, args)],
                env=os.environ | cell.env,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        proc.stdout_path, proc.stderr_path = outs
        started.append(proc)
        proc.wait_line()
        return proc

    yield run
    for proc in started:
        proc.end()


@pytest.fixture
def attach(tachyon, tmp_path):
    """attach(pid, *options) -> Profile (lib/profiled.py) of a run that has ended well."""
    number = 0

    def run(pid, *options, **how):
        nonlocal number
        number += 1
        directory = tmp_path / f"attach.{number}"
        directory.mkdir()
        return Recording(tachyon, directory, "attach", *options, pid, **how).profile()

    return run


def pytest_sessionfinish():
    """Figures replace those of an earlier run of the same check."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, row in FIGURES.items():
        path = OUT / f"{name}.json"
        row = (json.loads(path.read_text()) if path.exists() else {}) | row
        path.write_text(json.dumps(row, indent=1) + "\n")
