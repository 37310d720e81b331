# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--browser: the page is opened as the user who called sudo, never as root; else there is a warning."""

import json
import os
import pathlib
import tempfile
import urllib.parse

import pytest

from made_up import MadeUp, run_tool
from processes import wait_until
from tree import TARGETS

UID = 23456
SUDO = {"SUDO_UID": str(UID), "SUDO_GID": str(UID), "SUDO_USER": "ghost"}
# What it says of itself, at once and as a whole.
FAKE = """#!/usr/bin/python3
import json, os, sys
caps = [line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "CapPrm", "CapAmb"))]
said = {"args": sys.argv, "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()], "env": dict(os.environ)}
said |= {"caps": caps, "sid": os.getsid(0) == os.getpid(), "open": sorted(os.listdir("/proc/self/fd"))}
place = os.environ["SAID"]
with open(place + ".new", "w") as file:
    json.dump(said, file)
os.rename(place + ".new", place)
"""


class Desk:
    """Programs that a user has, and a recording to be shown."""

    def __init__(self, place, tachyon_run):
        self.place, self.run = place, tachyon_run
        self.said = place / "said" / "it"
        self.said.parent.mkdir(mode=0o777)
        self.said.parent.chmod(0o777)
        recording = MadeUp()
        recording.sample(0, recording.thread(recording.process(7), 7), (("/srv/a.py", 3, "f"),))
        (place / "described").write_text("\n".join(recording.lines) + "\n")
        self.recording = place / "recording.bin"
        run_tool(place / "described", "binary", self.recording)

    def program(self, name):
        path = self.place / name
        path.write_text(FAKE)
        path.chmod(0o755)
        return path

    def show(self, *words, form="--flamegraph", name="a page ü%.html", **env):
        page = self.said.parent / name
        env = {"PATH": str(self.place), "HOME": "/root", "SAID": str(self.said), **SUDO, **env}
        done = self.run(
            "replay", *words, form, "--browser", "-o", page, self.recording, env={k: v for k, v in env.items() if v}
        )
        assert done.returncode == 0, done.stderr
        assert page.exists()
        return page, done

    def answer(self):
        wait_until(self.said.exists, what="the browser")
        return json.loads(self.said.read_text())


@pytest.fixture
def desk(root, tachyon_run):
    with tempfile.TemporaryDirectory(prefix="tachyon-browser-") as name:
        os.chmod(name, 0o755)
        yield Desk(pathlib.Path(name), tachyon_run)


def test_it_is_the_user_who_looks(desk):
    desk.program("xdg-open")
    page, done = desk.show(DISPLAY=":7", XAUTHORITY="/tmp/x")
    said = desk.answer()
    address = urllib.parse.urlsplit(said["args"][1])
    assert len(said["args"]) == 2 and address.scheme == "file" and address.netloc == ""
    assert urllib.parse.unquote(address.path) == str(page)
    assert said["args"][1].isascii() and " " not in said["args"][1]
    assert set(said["ids"]) == {UID}
    assert all(int(caps, 16) == 0 for caps in said["caps"])
    assert said["sid"] and said["open"] == ["0", "1", "2", "3"]  # the last one lists them
    env = said["env"]
    assert (env["DISPLAY"], env["XAUTHORITY"], env["USER"]) == (":7", "/tmp/x", "ghost")
    assert env["HOME"] != "/root" and not [name for name in env if name.startswith("SUDO_")]
    assert done.stderr == ""


def test_the_session_of_the_user_is_found(desk):
    """sudo leaves out where it is."""
    desk.program("xdg-open")
    runtime = pathlib.Path(f"/run/user/{UID}")
    runtime.mkdir(parents=True)
    try:
        for path in (runtime / "wayland-0", runtime / "bus", runtime):
            if path != runtime:
                path.touch()
            os.chown(path, UID, UID)
        _, done = desk.show()
        env = desk.answer()["env"]
        assert done.stderr == ""
        assert (env["XDG_RUNTIME_DIR"], env["WAYLAND_DISPLAY"]) == (str(runtime), "wayland-0")
        assert env["DBUS_SESSION_BUS_ADDRESS"] == f"unix:path={runtime}/bus"
    finally:
        for name in ("wayland-0", "bus"):
            (runtime / name).unlink()
        runtime.rmdir()


def test_the_browser_of_the_environment(desk):
    """The first that is there; the address where it says, else behind it."""
    own = desk.program("own")
    page, done = desk.show(BROWSER=f"nosuch:{own} --new-tab=%s -x:other", name="a b.html")
    args = desk.answer()["args"]
    assert args == [str(own), f"--new-tab=file://{page.parent}/a%20b.html", "-x"]
    assert done.stderr == ""
    desk.said.unlink()
    desk.show(BROWSER=f"{own}")
    assert len(desk.answer()["args"]) == 2


def test_diff_flamegraph(desk):
    desk.program("xdg-open")
    page, _ = desk.show("--diff-flamegraph", desk.recording, form="--verbose", DISPLAY=":0")
    assert urllib.parse.unquote(desk.answer()["args"][1]).endswith(str(page))


@pytest.mark.parametrize(
    "env, program, words",
    [
        ({}, "xdg-open", "there is no display"),
        ({"DISPLAY": ":0"}, "other", "there is no xdg-open"),
        ({"DISPLAY": ":0", "SUDO_UID": ""}, "xdg-open", "root has none"),
        ({"DISPLAY": ":0", "SUDO_UID": "0"}, "xdg-open", "root has none"),
    ],
)
def test_it_cannot_be_shown(desk, env, program, words):
    """The page is there, and one line says why nobody shows it."""
    desk.program(program)
    page, done = desk.show(**env)
    assert done.stderr == f"tachyon-bpf: warning: no browser is started: {words}{done.stderr.partition(words)[2]}"
    assert done.stderr.count("\n") == 1 and f"open {page} yourself" in done.stderr
    assert not desk.said.exists()


def test_other_formats_are_not_shown(desk):
    desk.program("xdg-open")
    _, done = desk.show(form="--collapsed", DISPLAY=":0")
    assert done.stderr == "" and not desk.said.exists()


def test_behind_a_sampling(desk, tachyon_run, lab_python):
    """Most capabilities were given up by then."""
    desk.program("xdg-open")
    target = lab_python("3.15", TARGETS / "workers.py", 30)
    target.wait_line()
    env = {"PATH": f"{desk.place}:{os.environ['PATH']}", "DISPLAY": ":0", "SAID": str(desk.said), **SUDO}
    page = desk.said.parent / "page.html"
    done = tachyon_run("attach", "-d", 0.3, "--flamegraph", "--browser", "-o", page, target.pid, env=env)
    assert done.returncode == 0, done.stderr
    said = desk.answer()
    assert set(said["ids"]) == {UID} and said["args"][1] == f"file://{page}"
    assert page.stat().st_uid == UID
