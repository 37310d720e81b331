# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Who the program is that `run` starts. Root with the variables that sudo sets."""

import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile

import pytest

from tree import ROOT

TOOL = ROOT / "build" / "tests" / "tools" / "start"
NOBODY = pwd.getpwnam("nobody")
SUDO = {"SUDO_UID": str(NOBODY.pw_uid), "SUDO_GID": str(NOBODY.pw_gid), "SUDO_USER": "nobody"}
ROOTS = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": pwd.getpwuid(0).pw_dir,
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
    "MAIL": "/var/mail/root",
    "LANG": "C.UTF-8",
    "SUDO_COMMAND": "tachyon-bpf",
}
IDS = "id -u; id -ru; id -g; id -rg; id -G"


@pytest.fixture
def start(root):
    """start(*command, env=SUDO, prefix=()) -> CompletedProcess. In /, which every user may see."""

    def run(*command, env=SUDO, prefix=(), tool=TOOL, **popen):
        if "input" not in popen:
            popen.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [*prefix, str(tool), *map(str, command)],
            capture_output=True,
            text=True,
            timeout=30,
            env={**ROOTS, **env},
            cwd="/",
            check=False,
            **popen,
        )

    return run


@pytest.fixture
def open_dir(root):
    """A directory that every user can read."""
    with tempfile.TemporaryDirectory(prefix="tachyon-launch-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


def variables(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_ids(start):
    done = start("sh", "-c", IDS)
    uid, gid = str(NOBODY.pw_uid), str(NOBODY.pw_gid)
    assert done.stdout.splitlines() == [uid, uid, gid, gid, gid]
    assert done.stderr.splitlines()[0] == f"invoker {uid} {gid} nobody {NOBODY.pw_dir} 1"
    assert done.returncode == 0


def test_supplementary_groups(start, open_dir):
    """Those of the user database, none of root's. The database is ours, in a mount namespace."""
    (open_dir / "passwd").write_text("root:x:0:0::/root:/bin/sh\ntester:x:23456:23457::/srv/t:/bin/dash\n")
    (open_dir / "group").write_text("root:x:0:\nt:x:23457:\none:x:778:tester\ntwo:x:777:root,tester\n")
    script = 'mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/group" /etc/group && exec "$@"'
    done = start(
        "sh",
        "-c",
        IDS + "; env",
        env={"SUDO_UID": "23456", "SUDO_GID": "23457", "SUDO_USER": "other"},
        prefix=["unshare", "--mount", "sh", "-c", script, str(open_dir)],
    )
    lines = done.stdout.splitlines()
    assert lines[:4] == ["23456", "23456", "23457", "23457"]
    assert set(lines[4].split()) == {"23457", "777", "778"}
    env = variables(done.stdout)
    # The database's name counts, not SUDO_USER.
    assert (env["USER"], env["LOGNAME"], env["HOME"]) == ("tester", "tester", "/srv/t")
    assert env["SHELL"] == "/bin/dash"


def test_environment(start):
    env = variables(start("env").stdout)
    assert env["HOME"] == NOBODY.pw_dir
    assert env["USER"] == env["LOGNAME"] == "nobody"
    assert env["SHELL"] == NOBODY.pw_shell
    assert env["PATH"] == ROOTS["PATH"]
    assert env["LANG"] == "C.UTF-8"
    assert not [name for name in env if name.startswith("SUDO_") or name == "MAIL"]


def test_user_without_entry(start):
    ghost = {"SUDO_UID": "54321", "SUDO_GID": "54322", "SUDO_USER": "ghost"}
    done = start("sh", "-c", IDS + "; env", env=ghost)
    assert done.stdout.splitlines()[:5] == ["54321", "54321", "54322", "54322", "54322"]
    env = variables(done.stdout)
    assert (env["HOME"], env["USER"], env["SHELL"]) == ("/", "ghost", "/bin/sh")


def test_root_cannot_be_had_back(start):
    code = """
import os
for act in (lambda: os.setuid(0), lambda: os.seteuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try:
        act()
        print("regained")
    except PermissionError:
        print("refused")
print([line.split()[1] for line in open("/proc/self/status") if line[:6] in ("CapInh", "CapPrm", "CapEff", "CapAmb")])
"""
    done = start("/usr/bin/python3", "-c", code)
    assert done.stdout.splitlines() == ["refused"] * 4 + [str(["0" * 16] * 4)]


def test_kept_capabilities_are_refused(start):
    """Where the kernel keeps capabilities over a change of user, nothing is started."""
    done = start("sh", "-c", "echo started", prefix=["setpriv", "--securebits", "+no_setuid_fixup"])
    assert done.stdout == ""
    assert done.returncode == 1
    assert f"cannot become user {NOBODY.pw_uid} to run sh: Operation not permitted" in done.stderr


def test_plain_root_stays(start):
    for uid in (None, "0", "x1", "-1", "4294967295", ""):
        env = {} if uid is None else {"SUDO_UID": uid, "SUDO_GID": "65534", "SUDO_USER": "nobody"}
        done = start("sh", "-c", "id -u; echo $HOME", env=env)
        assert done.stdout.split() == ["0", ROOTS["HOME"]], env


def test_broken_group_falls_back(start):
    done = start("id", "-g", env={**SUDO, "SUDO_GID": "abc"})
    assert done.stdout.strip() == str(NOBODY.pw_gid)
    done = start("id", "-g", env={"SUDO_UID": "54321"})
    assert done.stdout.strip() == "65534"


def test_set_uid_program_does_not_believe_sudo(start, open_dir):
    """A program with the set-user-ID bit drops to its caller, whatever SUDO_UID claims."""
    tool = open_dir / "start"
    shutil.copy(TOOL, tool)
    tool.chmod(0o4755)
    prefix = ["setpriv", "--reuid", str(NOBODY.pw_uid), "--regid", str(NOBODY.pw_gid), "--clear-groups"]
    done = start("sh", "-c", IDS, env={"SUDO_UID": "1", "SUDO_GID": "0"}, prefix=prefix, tool=tool)
    uid, gid = str(NOBODY.pw_uid), str(NOBODY.pw_gid)
    assert done.stdout.splitlines() == [uid, uid, gid, gid, gid]


def test_umask_and_directory(start):
    done = start("sh", "-c", "umask; pwd", umask=0o027)
    assert done.stdout.split() == ["0027", "/"]


def test_stdio(start):
    done = start("sh", "-c", "read line; echo out $line; echo err >&2", input="text\n")
    assert done.stdout == "out text\n"
    assert "err\n" in done.stderr


@pytest.mark.parametrize("script, code", [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 128 + signal.SIGTERM)])
def test_exit_status(start, script, code):
    assert start("sh", "-c", script).returncode == code


def test_exec_with_the_users_rights(start, open_dir):
    """What only root may read or run is not run."""
    secret = open_dir / "secret"
    secret.write_text("#!/bin/sh\necho ran\n")
    secret.chmod(0o700)
    done = start(secret)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.splitlines()[-1] == f"tachyon-bpf: error: cannot run {secret}: Permission denied"
    assert start(secret, env={}).stdout == "ran\n"


def test_set_uid_child_works(start, open_dir):
    """Tracing by root does not take a set-user-ID program its bit."""
    program = open_dir / "id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    assert start(program, "-u").stdout.strip() == "0"


def test_held_at_each_exec(start):
    done = start("sh", "-c", "exec env sh -c 'exec env /usr/bin/python3 -c pass'")
    held = [line.split("/")[-1] for line in done.stderr.splitlines() if line.startswith("held ")]
    python = os.path.basename(os.path.realpath("/usr/bin/python3"))
    shell = os.path.basename(os.path.realpath("/bin/sh"))
    assert held == [shell, "env", shell, "env", python]
    assert done.returncode == 0


def test_interpreter_by_first_line(start, open_dir):
    """#!/usr/bin/env: two execs, the second is the interpreter."""
    script = open_dir / "tool"
    script.write_text("#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:])\n")
    script.chmod(0o755)
    done = start(script, "-x", "--", "-m")
    held = [line.split("/")[-1] for line in done.stderr.splitlines() if line.startswith("held ")]
    assert held[0] == "env" and held[1].startswith("python3")
    assert done.stdout == "['-x', '--', '-m']\n"


def test_exec_by_another_thread(start):
    """The kernel gives the traced thread's place to one that is not traced: it runs on, untraced."""
    code = "import os, threading\nthreading.Thread(target=os.execvp, args=('echo', ['echo', 'ran'])).start()"
    done = start("/usr/bin/python3", "-c", code)
    assert (done.stdout, done.returncode) == ("ran\n", 0)
