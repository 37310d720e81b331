# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Files written under sudo: whose they are, and where none may be written. Root with sudo's
variables, on a real file system."""

import os
import pathlib
import socket
import stat
import subprocess
import tempfile
import threading

import pytest

from tree import ROOT, VERSIONS

TOOL = ROOT / "build" / "tests" / "tools" / "profile_text"
USER, GROUP, OTHER = 23456, 23457, 34567
PROFILE = "pid 4711\nframe 61 66 1 1 0 1\nstack 1 0\nsample 1 9 3\n"
COLLAPSED = "tid:9;a:f:1 3\n"


@pytest.fixture
def place(root):
    """A directory of the user's, reachable for everybody."""
    with tempfile.TemporaryDirectory(prefix="tachyon-owner-") as name:
        os.chmod(name, 0o755)
        home = pathlib.Path(name) / "home"
        home.mkdir(mode=0o755)
        os.chown(home, USER, GROUP)
        temporary(home).mkdir()
        temporary(home).chmod(0o1777)
        yield home


def temporary(home):
    return home.parent / "temporary"


@pytest.fixture
def write(place):
    """write(output, **env) -> CompletedProcess: as `sudo -u root` of the user would."""
    described = place.parent / "case.txt"

    def run(output, uid=USER, gid=GROUP, cwd=None, profile=PROFILE):
        described.write_text(profile)
        env = {"PATH": os.environ["PATH"], "SUDO_UID": str(uid), "SUDO_GID": str(gid), "TMPDIR": temporary(place)}
        return subprocess.run(
            [TOOL, described, "collapsed", output],
            capture_output=True,
            text=True,
            env=env,
            cwd=cwd or place,
            umask=0o022,
            timeout=20,
            check=False,
        )

    return run


def make(path, owner, mode=0o644, text="old"):
    path.write_text(text)
    os.chown(path, owner, owner)
    path.chmod(mode)
    return path


def refused(done, *words):
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    return True


def entries(directory):
    return sorted(entry.name for entry in directory.iterdir())


def test_new_file_is_the_users(place, write):
    done = write("default")
    assert (done.returncode, done.stderr) == (0, "")
    path = place / "collapsed_4711.txt"
    info = path.stat()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (USER, GROUP, 0o644)
    assert path.read_text() == COLLAPSED
    assert entries(place) == ["collapsed_4711.txt"]


def test_root_itself_writes_as_root(place, write):
    assert write("out", uid=0, gid=0).returncode == 0
    assert (place / "out").stat().st_uid == 0


@pytest.mark.parametrize("mode", (0o755, 0o775, 0o1775))
def test_no_place_of_roots(place, write, mode):
    """Not by root's rights, nor by those of root's group."""
    closed = place.parent / "closed"
    closed.mkdir()
    closed.chmod(mode)
    done = write(closed / "out")
    assert refused(done, f"cannot write {closed}/out", "Permission denied", str(USER), "-o")
    done = write("default", cwd=closed)
    assert refused(done, "cannot write collapsed_<pid>.txt", "Permission denied")
    assert entries(closed) == []
    hidden = place.parent / "hidden"
    hidden.mkdir(mode=0o700)
    (hidden / "open").mkdir()
    (hidden / "open").chmod(0o777)
    assert refused(write(hidden / "open" / "out"), "Permission denied")
    assert entries(hidden / "open") == []


def test_no_file_of_roots(place, write):
    make(place / "out", 0)
    assert refused(write("out"), "Permission denied")
    assert (place / "out").read_text() == "old"
    make(place / "mine", USER, 0o444)
    assert refused(write("mine"), "Permission denied")
    assert entries(place) == ["mine", "out"]


def test_others_open_file_stays_theirs(place, write):
    path = make(place / "out", OTHER, 0o666, "old and longer than the new one")
    assert write("out").returncode == 0
    assert path.read_text() == COLLAPSED
    assert path.stat().st_uid == OTHER
    assert entries(place) == ["out"]


def test_own_file_in_a_closed_directory(place, write):
    closed = place.parent / "closed"
    closed.mkdir(mode=0o755)
    path = make(closed / "out", USER, 0o640, "old and longer than the new one")
    inode = path.stat().st_ino
    assert write(path).returncode == 0
    assert path.read_text() == COLLAPSED
    assert path.stat().st_ino == inode
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.fixture
def shared(place):
    """A directory like /tmp."""
    path = place.parent / "shared"
    path.mkdir()
    path.chmod(0o1777)
    return path


def link(path, target, owner):
    path.symlink_to(target)
    os.chown(path, owner, owner, follow_symlinks=False)
    return path


@pytest.mark.parametrize("target", ("victim", "fresh"))
def test_links_of_others_are_not_followed(place, write, shared, target):
    victim = make(place / "victim", USER)
    link(shared / "out", place / target, OTHER)
    assert refused(write(shared / "out"), "symbolic link of another user")
    # Nor one behind a link of the user's own.
    link(place / "mine", shared / "out", USER)
    assert refused(write("mine"), "symbolic link of another user")
    assert victim.read_text() == "old"
    assert entries(place) == ["mine", "victim"]
    assert entries(shared) == ["out"]


@pytest.mark.parametrize("owner", (0, USER))
def test_own_links_are_followed(place, write, shared, owner):
    victim = make(place / "victim", USER)
    path = link(shared / "out", "../home/victim", owner)
    assert write(path).returncode == 0
    assert victim.read_text() == COLLAPSED
    assert path.is_symlink()


def test_a_link_gives_no_rights(place, write):
    secret = make(place.parent / "secret", 0)
    link(place / "out", secret, USER)
    assert refused(write("out"), "Permission denied")
    assert secret.read_text() == "old"


@pytest.fixture(params=(0, 2))
def protected(request):
    """With and without the kernel's own protection."""
    switches = [pathlib.Path(f"/proc/sys/fs/protected_{kind}") for kind in ("regular", "fifos")]
    before = [switch.read_text() for switch in switches]
    for switch in switches:
        switch.write_text(str(request.param))
    yield
    for switch, value in zip(switches, before):
        switch.write_text(value)


def make_pipe(path, owner):
    os.mkfifo(path)
    path.chmod(0o666)
    os.chown(path, owner, owner)
    return path


@pytest.mark.parametrize("uid", (USER, 0))
def test_traps_in_a_shared_directory(write, shared, protected, uid):
    """Somebody waits under the name of the profile to come, to read it, or to have us wait."""
    path, pipe = make(shared / "out", OTHER, 0o666), make_pipe(shared / "pipe", OTHER)
    for output in (path, pipe):
        done = write(output, uid=uid)
        assert refused(done, "check: ", "Permission denied")
    assert path.read_text() == "old"
    assert entries(shared) == ["out", "pipe"]


def test_traps_where_a_profile_is_saved(place, write, root):
    """One that cannot be written at its place is not given away either."""
    name = f"collapsed_{os.getpid()}.txt"
    trap, saved = temporary(place) / name, pathlib.Path("/var/tmp") / name
    make_pipe(trap, OTHER)
    try:
        done = write("/dev/full", profile=PROFILE.replace("4711", str(os.getpid())))
        assert refused(done, f"the profile is in {saved}")
        assert (saved.read_text(), saved.stat().st_uid) == (COLLAPSED, USER)
    finally:
        saved.unlink(missing_ok=True)
    assert stat.S_ISFIFO(trap.stat().st_mode)


def test_roots_file_in_a_shared_directory(write, shared):
    """Is no trap: root has given it to everybody."""
    path = make(shared / "out", 0, 0o666, "old and longer than the new one")
    assert write(path).returncode == 0
    assert (path.read_text(), path.stat().st_uid) == (COLLAPSED, 0)


def test_a_mounted_file_is_written_itself(place, write):
    """As in a container: nothing can take its place."""
    outside, inside = make(place / "outside", USER, text="old and longer than the new one"), make(place / "in", USER)
    subprocess.run(["mount", "--bind", outside, inside], check=True)
    try:
        done = write("in")
    finally:
        subprocess.run(["umount", inside], check=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert outside.read_text() == COLLAPSED
    assert entries(place) == ["in", "outside"]


def test_a_socket_is_refused(place, write):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place / "socket"))
        assert refused(write("socket"), "check: ", "No such device or address")


@pytest.mark.parametrize("uid, gid, mode", ((USER, GROUP, 0o664), (USER, OTHER, 0o604), (0, OTHER, 0o664)))
def test_rights_of_the_old_file(place, write, uid, gid, mode):
    """The new one has them, unless they would go to another group."""
    path = make(place / "out", uid)
    os.chown(path, uid, gid)
    path.chmod(0o664)
    assert write("out", uid=uid, gid=GROUP if uid else 0).returncode == 0
    info = path.stat()
    assert (info.st_uid, stat.S_IMODE(info.st_mode)) == (uid, mode)
    assert info.st_gid == gid or not mode & 0o070


def test_pipe(place, write):
    pipe = place / "pipe"
    os.mkfifo(pipe)
    os.chown(pipe, USER, GROUP)
    got = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    done = write("pipe")
    reader.join(10)
    assert (done.returncode, done.stderr, got) == (0, "", [COLLAPSED])
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    pipe.chmod(0o600)
    os.chown(pipe, 0, 0)
    assert refused(write("pipe"), "Permission denied")


def test_device_is_not_replaced(place, write):
    assert refused(write("/dev/full"), "No space left on device", f"the profile is in {temporary(place)}/")
    (saved,) = temporary(place).iterdir()
    assert (saved.read_text(), saved.stat().st_uid) == (COLLAPSED, USER)
    assert write("/dev/null").returncode == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_groups_of_the_user_count(place, write):
    """The user's supplementary groups, where the system knows the user."""
    import grp
    import pwd

    for entry in grp.getgrall():
        for name in entry.gr_mem:
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            if user.pw_uid == 0 or user.pw_gid == entry.gr_gid:
                continue
            directory = place.parent / "group"
            directory.mkdir()
            os.chown(directory, 0, entry.gr_gid)
            directory.chmod(0o770)
            done = write(directory / "out", uid=user.pw_uid, gid=user.pw_gid)
            assert (done.returncode, done.stderr) == (0, "")
            assert (directory / "out").stat().st_uid == user.pw_uid
            return
    pytest.skip("no user of this system has a supplementary group")


@pytest.mark.parametrize("uid", ("x", "-1", "4294967295", "99999999999"))
def test_nonsense_in_the_environment(place, write, uid):
    """Is not sudo's: root asked as root."""
    assert write("out", uid=uid).returncode == 0
    assert (place / "out").stat().st_uid == 0


def test_raw_records(place, tachyon, lab_python):
    """Are written with the user's rights, too."""
    target = lab_python(VERSIONS[-1], "import time\nprint('ready', flush=True)\ntime.sleep(60)\n")
    target.wait_line()
    make_pipe(place / "pipe", USER)
    make(place / "roots", 0)
    for raw, error in (("raw", ""), ("roots", "Permission denied"), ("pipe", "No such device or address")):
        done = subprocess.run(
            [tachyon, "attach", "-d", "0.1", "--collapsed", "-o", "out", "--raw", raw, str(target.pid)],
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"], "SUDO_UID": str(USER), "SUDO_GID": str(GROUP)},
            cwd=place,
            timeout=20,
            check=False,
        )
        assert (done.returncode, error in done.stderr) == (1 if error else 0, True), done.stderr
    for name in ("raw", "out"):
        assert (place / name).stat().st_uid == USER
    assert (place / "roots").read_text() == "old"


def test_a_user_without_group(place, write):
    assert refused(write("out", gid=""), "cannot write out: Operation not permitted")
    assert entries(place) == []
