# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The reference's command line, CPython 3.15's own parser, and ours, on the same lines."""

import contextlib
import dataclasses
import json
import os
import subprocess
import uuid

from tree import ROOT

TOOL = ROOT / "build" / "tests" / "tools" / "command_lines"
SEPARATOR = "\x1f"

# Runs in the lab. Only what comes after the parser is left out.
PARSE = """
import contextlib, io, json, sys
from profiling.sampling import cli

lines, answers = sys.argv[1:]

def found(args):
    raise StopIteration(args)

for name in ("run", "attach", "dump", "replay"):
    setattr(cli, "_handle_" + name, found)

def parse(line):
    sys.argv = ["tachyon-bpf", *line]
    err, out = io.StringIO(), io.StringIO()
    code, args = None, {}
    with contextlib.redirect_stderr(err), contextlib.redirect_stdout(out):
        try:
            cli._main()
        except StopIteration as stop:
            args = vars(stop.args[0])
        except SystemExit as end:
            code = end.code
    return code, err.getvalue(), args

with open(lines) as file:
    result = [parse(line) for line in json.load(file)]
with open(answers, "w") as file:
    json.dump(result, file)
"""


@dataclasses.dataclass
class Answer:
    """code None: the program would go on. error: the last line of stderr. args: a dict."""

    code: int | None
    error: str
    args: dict


@contextlib.contextmanager
def _place(lab):
    place = lab / "tmp" / f"cli-{uuid.uuid4().hex}"
    place.mkdir()
    try:
        yield place
    finally:
        for path in place.iterdir():
            path.unlink()
        place.rmdir()


def reference(lab, lines):
    """[Answer] of the reference to lines, each a list of words."""
    with _place(lab) as place:
        (place / "parse.py").write_text(PARSE)
        (place / "lines").write_text(json.dumps(lines))
        names = [f"/tmp/{place.name}/{name}" for name in ("parse.py", "lines", "answers")]
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
        subprocess.run(["chroot", lab, "python3.15", *names], env=env, check=True, timeout=300)
        answers = json.loads((place / "answers").read_text())
    return [Answer(code, (err.splitlines() or [""])[-1], args) for code, err, args in answers]


def _value(text):
    return {"None": None, "True": True, "False": False}.get(text, text)


def ours(lines):
    """[Answer] of our parser; what may be None in the reference's has its default here."""
    text = "".join("".join(SEPARATOR + word for word in line) + "\n" for line in lines)
    done = subprocess.run([TOOL], input=text.encode(), capture_output=True, check=True, timeout=60)
    answers = []
    for line in done.stdout.decode().split("\n")[:-1]:
        code, error, fields = line.split("\t")
        args = {"args": []}
        for field in fields.split(SEPARATOR)[:-1]:
            name, value = field.split("=", 1)
            if name == "arg":
                args["args"].append(value)
            else:
                args[name] = _value(value)
        answers.append(Answer(None if code == "-" else int(code), error, args))
    assert len(answers) == len(lines)
    return answers


def helps(lab, commands):
    """{command: text} of the reference's --help; command "" is that of the whole."""
    env = dict(os.environ, COLUMNS="200", NO_COLOR="1")
    texts = {}
    for command in commands:
        line = ["chroot", lab, "python3.15", "-m", "profiling.sampling", *command.split(), "--help"]
        texts[command] = subprocess.run(
            line, env=env, capture_output=True, text=True, check=True, timeout=60
        ).stdout
    return texts
