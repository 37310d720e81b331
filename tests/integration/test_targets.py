# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A program that becomes a Python late. Python in other clothes is among the cells of tests/truth, and
containers are in test_containers.py."""

import os

import engines
from profiled import Recording, check_chain, check_nothing_left
from shares import expect
from workload import CHAIN, SOURCE, WORK


def test_library_loaded_late(tachyon, lab, lab_dir, lab_script, tmp_path, python_version):
    """A program that opens Python as a library after a while is profiled from then on: looked at every
    millisecond for a second, now and then after that."""
    embedder = lab_dir / "embedder"
    engines.build_embedder(embedder)
    library = engines.library(lab, python_version)
    command = ("chroot", lab, embedder, library, lab_script(WORK), 0.7)
    environ = os.environ | {"PYTHONHOME": "/usr", "EMBED_AFTER_MS": "1300"}
    with Recording(tachyon, tmp_path, "run", "--", *command, env=environ) as recording:
        profile = recording.profile()
    assert profile.counts.failed == {}
    own = [row for row in profile.rows if row[1][0][0] == "work.py"]
    worked = check_chain(own, "work.py", SOURCE, CHAIN)
    missed = profile.counts.status["NO_LAYOUT"]
    expect(worked > 0.5 * profile.counts.status["SAMPLED"] > 2 * missed, worked, missed)
    check_nothing_left()
