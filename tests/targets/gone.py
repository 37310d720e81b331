# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Becomes an interpreter whose file is gone, or is another one by now.

usage: gone.py deleted|replaced ROOT FILE NAME [ARGUMENT...]

FILE, below the folder ROOT, is copied first, so it can be used again. NAME is argv[0] in the new root: the
interpreter finds its library with it.
"""

import os
import shutil
import sys

fate, root, file, *arguments = sys.argv[1:]
copy = f"{file}.{fate}"
shutil.copy(file, f"{copy}.{os.getpid()}")
os.rename(f"{copy}.{os.getpid()}", copy)
running = os.open(copy, os.O_PATH | os.O_CLOEXEC)
os.unlink(copy)
if fate == "replaced":
    shutil.copy("/bin/true", copy)
os.chroot(root)
os.chdir("/")
os.execve(running, arguments, os.environ)
