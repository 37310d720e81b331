# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The reference's `replay` (CPython 3.15 in the lab), for many files in one process."""

import base64
import collections
import json
import subprocess

Answer = collections.namedtuple("Answer", "code error stdout data")

# Runs in the lab. Reads [[format or null, path], ...]; answers what the command line made of each: its exit
# code, its error, its words, and the file it wrote.
PROGRAM = r"""
import base64, contextlib, io, json, os, shutil, sys
from profiling.sampling import cli

def replay(form, path, out):
    words = ["replay"] + (["--" + form, "-o", out] if form != "table" else ["-l", "1000"])
    sys.argv = ["x", *words, path]
    stdout, code, error = io.StringIO(), 0, ""
    try:
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()):
            cli.main()
    except SystemExit as exit:
        code, error = (1, exit.code) if isinstance(exit.code, str) else (exit.code or 0, "")
    except BaseException as exception:
        code, error = 1, f"{type(exception).__name__}: {exception}"
    data = None
    if os.path.isdir(out):
        data = json.dumps(sorted(os.listdir(out))).encode()
        shutil.rmtree(out)
    elif os.path.exists(out):
        with open(out, "rb") as file:
            data = file.read()
        os.unlink(out)
    return code, error, stdout.getvalue(), None if data is None else base64.b64encode(data).decode()

json.dump([replay(*item, sys.argv[1]) for item in json.load(sys.stdin)], sys.stdout)
"""


def reference_replay(lab, directory, jobs):
    """[Answer] of [(format, path)]; "table" is pstats on stdout. directory and paths are seen inside and
    outside of the lab."""
    program = directory / "reference_replay.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        ["chroot", lab, "python3.15", program, directory / "reference.out"],
        input=json.dumps([(form, str(path)) for form, path in jobs]),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [
        Answer(code, error, words, base64.b64decode(data) if data is not None else None)
        for code, error, words, data in json.loads(done.stdout)
    ]


def last_words(answer):
    """What it printed behind the progress."""
    return answer.stdout.rsplit("\r", 1)[-1].split("\n", 1)[-1]
