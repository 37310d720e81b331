# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What is in the page of --flamegraph: the recording, all of it, and lines of source files that the target and the
user may both read. How a browser shows it: tests/page."""

import collections
import os
import pathlib
import tempfile

import pytest

from flame_page import Page
from made_up import MadeUp, run_tool
from results import collapsed, split_frame
from tree import TARGETS

USER = "23456"


def as_collapsed(stacks):
    """Where the collapsed format knows less: a marker is a name without a place."""
    found = collections.Counter()
    for (tid, stack), count in stacks.items():
        found[tid, tuple(split_frame(name) if file == "~" else (file, name, line) for file, name, line in stack)] += count
    return found


def test_it_is_the_recording(tachyon_run, tmp_path, lab_python, python_version):
    proc = lab_python(python_version, TARGETS / "workers.py", 30)
    proc.wait_line()
    recording, page, text = (tmp_path / name for name in ("recording.bin", "page.html", "stacks.txt"))
    assert tachyon_run("attach", "-a", "-d", 1, "--binary", "-o", recording, proc.pid).returncode == 0
    done = tachyon_run("replay", "--flamegraph", "-o", page, recording)
    assert done.returncode == 0, done.stderr
    assert f"Flamegraph saved to: {page}\n" in done.stdout
    assert tachyon_run("replay", "--collapsed", "-o", text, recording).returncode == 0
    shown, expected = Page(page.read_text()), collections.Counter()
    for tid, frames, count in collapsed(text):
        expected[tid, tuple(frames)] += count
    assert as_collapsed(shown.stacks()) == expected
    assert shown.data["about"]["total"] == sum(expected.values()) > 100


SOURCES = """
import sys, time
def burn(path):
    code = compile("\\n" * 4 + "def f():\\n  end = time.monotonic() + .02\\n  while time.monotonic() < end: pass\\n", path, "exec")
    space = {"time": time}
    exec(code, space)
    return space["f"]
functions = [burn(path) for path in sys.argv[1:]]
print("ready", flush=True)
while True:
    for f in functions:
        f()
"""


@pytest.fixture
def places(lab, lab_dir, tmp_path):
    """{name: path of a source file, as the target says it}"""
    secret = tmp_path / "secret.py"
    secret.write_text("secret\n" * 10)
    inside = lab / "tmp" / lab_dir.name
    names = ("inside.py", "outward.py", "upward.py", "fifo.py", "large.py", "latin.py", "directory.py")
    found = {name: f"/tmp/{lab_dir.name}/{name}" for name in names}
    (inside / "inside.py").write_text("".join(f"inside {line}\n" for line in range(1, 11)))
    (inside / "outward.py").symlink_to(secret)
    (inside / "upward.py").symlink_to(f"../../../../../../../..{secret}")
    os.mkfifo(inside / "fifo.py")
    with (inside / "large.py").open("wb") as file:
        file.truncate(1 << 30)
    (inside / "latin.py").write_bytes(b"\xe9\0</script>\n" * 10)
    (inside / "directory.py").mkdir()
    found |= {"outside": str(secret), "device": "/dev/zero", "string": "<string>", "climbing": "../../../../etc/passwd"}
    return found


def test_source_lines_are_the_targets(tachyon_run, tmp_path, lab_python, places):
    proc = lab_python("3.14", SOURCES, *places.values())
    proc.wait_line()
    page = tmp_path / "page.html"
    done = tachyon_run("attach", "-d", 1.5, "-r", 500, "--flamegraph", "-o", page, proc.pid)
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    files, missing = Page(text).source()
    # Line 7 is what burns; 5 and 6 may have a sample.
    found = files[places["inside.py"]]
    assert set(range(5, 10)) <= set(found) <= set(range(3, 10))
    assert all(text == f"inside {line}" for line, text in found.items())
    assert set(files[places["latin.py"]].values()) == {"\udce9\0</script>"}
    absent = ("outward.py", "upward.py", "fifo.py", "large.py", "directory.py", "outside", "device", "climbing")
    assert {places[name] for name in absent} <= missing
    assert places["string"] not in missing
    assert "secret\\n" not in text and "secret\n" not in text


def test_source_lines_of_a_program_that_is_gone(tachyon_run, lab_exe, lab_script, tmp_path):
    script = lab_script("import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end:\n    pass # here\n")
    done = tachyon_run("run", "--python", lab_exe("3.14"), "--flamegraph", "-o", tmp_path / "page.html", script)
    assert done.returncode == 0, done.stderr
    files, missing = Page((tmp_path / "page.html").read_text()).source()
    assert "    pass # here" in files[str(script)].values()
    assert str(script) not in missing


@pytest.fixture
def open_dir(root):
    """A directory that everybody may look into."""
    with tempfile.TemporaryDirectory(prefix="tachyon-sources-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def test_no_line_that_the_user_may_not_read(open_dir):
    """sudo is no way to see others' files, whatever a target calls its source."""
    made_up = MadeUp()
    thread = made_up.thread(made_up.process(7), 7)
    for name, mode in (("open.py", 0o644), ("closed.py", 0o600)):
        path = open_dir / name
        path.write_text(f"text of {name}\n")
        path.chmod(mode)
        made_up.sample(0, thread, ((str(path), 1, "f"),))
    for env, missing in (({}, set()), ({"SUDO_UID": USER, "SUDO_GID": USER}, {str(open_dir / "closed.py")})):
        described = open_dir / "described.txt"
        described.write_text("\n".join(made_up.lines) + "\n")
        text = run_tool(described, "flamegraph", "-", env=os.environ | env).stdout.decode()
        assert Page(text).source()[1] == missing
        assert "text of open.py" in text
        assert ("text of closed.py" in text) == (not missing)


def test_default_name(tachyon_run, tmp_path, lab_python):
    proc = lab_python("3.15", TARGETS / "workers.py", 30)
    proc.wait_line()
    done = tachyon_run("attach", "-d", 0.3, "--flamegraph", proc.pid, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"flamegraph_{proc.pid}.html"]
