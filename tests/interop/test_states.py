# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that knows what it did when, recorded for two readers at once: do they say the same?"""

import itertools
import os
import signal
import time

import pytest

from kernel import stolen_seconds
from processes import wait_until
from profiled import Recording
from results import Counts
from tree import TARGETS, VERSIONS
from turns import Turns

VERSION = VERSIONS[-1]
FUNCTIONS = ("compute", "handle", "collect", "digest")
TURNS = 2


class Run:
    """What came of a run of the program: files for both readers, and the truth."""

    def __init__(self, tachyon, tmp_path, target, go, truth):
        self.pid, self.truth, self.recordings = target.pid, truth, {}
        self.before_s = time.time()
        for form in ("--gecko", "--speedscope"):
            (directory := tmp_path / form.strip("-")).mkdir()
            args = ("--mode", "wall", "-a", "-r", 1000, target.pid)
            self.recordings[form] = Recording(tachyon, directory, "attach", *args, form=form, gc=True)
        for recording in self.recordings.values():
            recording.wait_sampling()
        self.after_s, stolen_s = time.time(), stolen_seconds()
        go.touch()
        wait_until(truth.exists, 60, "the end of the work")
        self.stolen_s = stolen_seconds() - stolen_s
        os.kill(target.pid, signal.SIGKILL)

    def take(self, form):
        """(path, counts) of that file."""
        recording = self.recordings[form]
        assert recording.wait() == 0, recording.stderr.read_text()
        return recording.output, Counts(recording.stderr.read_text())

    def turns(self, counts, start_s):
        """start_s: of the recording, time of day."""
        missing = sum(counts.failed.values()) + counts.counter["OFF_REUSED"] + counts.settled
        return Turns(self.truth, start_s, missing, self.stolen_s)


@pytest.fixture
def run(lab_python, tachyon, tmp_path, lab_dir):
    go, truth = lab_dir / "go", lab_dir / "truth.json"
    target = lab_python(VERSION, TARGETS / "states.py", TURNS, go, truth)
    target.wait_line()
    run = Run(tachyon, tmp_path, target, go, truth)
    yield run
    for recording in run.recordings.values():
        recording.__exit__()


def test_program_in_the_firefox_profiler(run, firefox):
    path, counts = run.take("--gecko")
    profile = firefox(path)
    meta = profile.ask("profile", "meta")
    assert run.before_s < meta["startTime"] / 1000 < run.after_s
    assert meta["interval"] == 1
    turns = run.turns(counts, meta["startTime"] / 1000)

    threads = profile.threads()
    names = {thread["name"]: thread for thread in threads.values()}
    assert set(names) == {"MainThread", "napper"} and {pid for pid, _ in threads} == {str(run.pid)}
    main, napper = names["MainThread"], names["napper"]
    assert threads[str(run.pid), run.pid] is main
    functions = {name: total for name, _, total in profile.functions(main)}
    assert profile.total(main) + profile.total(napper) == counts.samples
    for function in FUNCTIONS:
        turns.check_samples(functions[function], function)

    markers = profile.markers(main)
    turns.check_intervals(markers["Has GIL"], "compute", "collect")
    turns.check_intervals(markers["No GIL"], "handle", "digest")
    turns.check_intervals(markers["Has Exception"], "handle")
    turns.check_intervals(markers["GC Collecting"], "collect")
    turns.check_on_cpu(markers["On CPU"], *FUNCTIONS)
    turns.check_on_cpu(markers["Native Code"], "digest")
    begin, end = turns.turns[0][1], turns.turns[-1][2]
    for name in ("No GIL", "Off CPU", "No Exception"):
        ((first, last),) = profile.markers(napper)[name]
        assert first < begin and last > end - 2
    assert abs(main["cpuMs"] - sum(turns.cpu_ms.values())) < turns.slack_ms(*FUNCTIONS)
    assert napper["cpuMs"] == 0


def test_program_in_speedscope(run, speedscope):
    path, counts = run.take("--speedscope")
    profiles = speedscope.load(path.name, path.read_bytes())
    turns = run.turns(counts, run.after_s)
    assert sum(seconds for profile in profiles.values() for _, seconds in profile) == pytest.approx(counts.samples / 1000)
    (main,) = (profile for name, profile in profiles.items() if name.endswith(f"{run.pid}: MainThread ({run.pid})"))
    assert len(profiles) == 2 and any(": napper (" in name for name in profiles)
    order = []
    for function in FUNCTIONS:
        seconds = sum(weight for stack, weight in main if function in {name for name, *_ in stack})
        turns.check_samples(1000 * seconds, function)
    for stack, _ in main:
        order += [name for name, *_ in stack if name in FUNCTIONS]
    assert [function for function, _ in itertools.groupby(order)] == TURNS * list(FUNCTIONS)
