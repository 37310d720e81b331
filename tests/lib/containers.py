# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Ways to run a program of the lab in namespaces of its own, the last of them real containers (runc).

A directory of the test (lab_dir) has the same path on every side."""

import json
import os
import pathlib
import shutil
import subprocess

from processes import LabProcess, wait_until

# Its mounts end with it: nothing has to be cleaned up behind it.
PRIVATE = ("unshare", "--mount", "--propagation", "private")
OWN_PID = ("unshare", "--pid", "--fork", "--kill-child")

# A place where the lab is not on the outside, so its paths lead nowhere there.
ENTER = 'mount --bind "$0" /mnt && mount -t proc proc /mnt/proc && exec chroot /mnt "$@"'
OVERLAY = 'mount -t overlay overlay -o "lowerdir=$0,upperdir=upper,workdir=work" rootfs && exec "$@"'

# What container engines hide.
MASKED = ("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/scsi")


def chroot(lab, command):
    return ["chroot", lab, *command]


def unshared(lab, command, depth=1):
    """In a mount namespace of its own, @depth pid namespaces below."""
    return [*PRIVATE, *OWN_PID * depth, "sh", "-c", ENTER, lab, *command]


def rootless(lab, command):
    """The same in a user namespace, as engines without root do it."""
    return ["unshare", "--user", "--map-root-user", *unshared(lab, command)]


def launch(command, directory, number=0, **popen):
    """Start what prints "ready"; its output goes to files in this directory. Returns a LabProcess."""
    outs = [directory / f"{which}.{number}" for which in ("stdout", "stderr")]
    with outs[0].open("w") as stdout, outs[1].open("w") as stderr:
        popen = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr, **popen}
        process = LabProcess(list(map(str, command)), start_new_session=True, **popen)
    process.stdout_path, process.stderr_path = outs
    return process


def innermost(pid):
    """The last of a line of processes, each of which has made the next."""
    children = [
        child
        for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    return innermost(int(children[0])) if children else pid


def tids(pid):
    """{tid here: tid in the innermost pid namespace} of a process."""
    found = {}
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        line = next(line for line in status.read_text().splitlines() if line.startswith("NSpid:"))
        found[int(line.split()[1])] = int(line.split()[-1])
    return found


class Bundle:
    """A container on an overlay over the lab, without a network."""

    def __init__(self, directory, lab, shared):
        self.directory, self.lab, self.shared = directory, lab, shared
        self.name = f"{directory.name}-{os.getpid()}"  # also of its cgroup, which all tests share
        self.pid_file = directory / "pid"
        self.upper = directory / "upper"
        for name in ("rootfs", "upper", "work", "state"):
            (directory / name).mkdir()
        self.process = None

    def runc(self, *args):
        return ["runc", "--root", self.directory / "state", *args]

    def config(self, command, capabilities, env, masked, seccomp):
        mounts = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]},
            {
                "destination": str(self.shared),
                "type": "bind",
                "source": str(self.shared.resolve()),
                "options": ["bind", "rw"],
            },
        ]
        linux = {
            "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")],
            "maskedPaths": [*MASKED, *masked],
            "cgroupsPath": f"/{self.name}",
        }
        if seccomp:
            linux["seccomp"] = seccomp
        kinds = ("bounding", "effective", "permitted")
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": list(map(str, command)),
                "env": ["PATH=/usr/bin:/bin", *(f"{name}={value}" for name, value in env.items())],
                "cwd": "/",
                "capabilities": {kind: [f"CAP_{name}" for name in capabilities] for kind in kinds},
                "noNewPrivileges": True,
            },
            "root": {"path": "rootfs"},
            "hostname": "container",
            "mounts": mounts,
            "linux": linux,
        }

    def start(self, *command, capabilities=("KILL",), env=(), masked=(), seccomp=None, files=()):
        """Returns runc's process; the container's is self.pid once it runs. @files: {path inside: file}."""
        for path, file in dict(files).items():
            place = self.upper / path.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        config = self.config(command, capabilities, dict(env), masked, seccomp)
        (self.directory / "config.json").write_text(json.dumps(config))
        run = self.runc("run", "--pid-file", self.pid_file, self.name)
        self.process = launch(
            [*PRIVATE, "sh", "-c", OVERLAY, self.lab, *run], self.directory, cwd=self.directory
        )
        return self.process

    @property
    def pid(self):
        """Here; runc says it a moment after the program has started."""
        wait_until(lambda: self.pid_file.exists() and self.pid_file.read_text(), what="the pid of the container")
        return int(self.pid_file.read_text())

    def pids(self):
        """Of all its processes, here."""
        space = os.readlink(f"/proc/{self.pid}/ns/pid")
        for link in pathlib.Path("/proc").glob("[0-9]*/ns/pid"):
            try:
                if os.readlink(link) == space:
                    yield int(link.parts[2])
            except FileNotFoundError:  # has ended
                continue

    def remove(self):
        if not self.process:
            return
        subprocess.run(
            self.runc("delete", "--force", self.name), capture_output=True, check=True, timeout=20
        )
        self.process.end()
        shutil.rmtree(self.directory / "work")  # has a part that is not even root's to list
