# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Several interpreters in one process."""

import pytest

from profiled import attach
from results import collapsed_levels
from tree import ROOT

ONE_AFTER_THE_OTHER = ROOT / "tests" / "targets" / "interpreters.py"
MS_EACH = 50  # as the program has it


@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_one_after_the_other(tachyon, lab_python, python_version, tmp_path, kind):
    """Each interpreter's function has its own name, and the time it took."""
    target = lab_python(python_version, ONE_AFTER_THE_OTHER, kind, 200)
    target.wait_line()
    profile = attach(tachyon, tmp_path, target.pid, "-d", 2)
    found = {int(name[5:]): n for name, n in profile.functions().items() if name.startswith("task_")}
    assert len(found) > 10
    first, last = min(found), max(found)
    for number in range(first + 1, last):
        assert MS_EACH / 2 < found.get(number, 0) < MS_EACH * 1.5, found
    for levels, frames, _ in collapsed_levels(profile.path):
        names = {name for _, name, _ in frames if name.startswith("task_")}
        assert len(names) <= 1
        assert "pid" not in levels
        if names:
            assert levels["interp"] == int(names.pop()[5:])
