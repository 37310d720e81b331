# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The command line beside the reference's: CPython 3.15's own parser is given the same words. What is
different on purpose is said here in so many words, and in docs/reference.md."""

import os
import re
import subprocess

import pytest

from reference_cli import helps, ours, reference
from reference_lines import COMMANDS, LINES, random_lines
from tree import ROOT


# What is known of the reference and not in this version: each ends the program with one line that says so. When
# something lands, it goes away here and loses its mark in user/cli/optable.c or user/cli/commands.c.
LATER = """--live --opcodes --async-aware --async-mode --subprocesses
    --heatmap""".split()
LATER_COMMANDS = []

NOT_YET = re.compile(r"tachyon-bpf(?: \w+)?: error: (--[\w-]+|argument command: '\w+') is not available in this version")


# --- the same words ------------------------------------------------------------------------------


def normal(answer, line):
    """What is the same on both sides, and where ours is another on purpose."""
    args = {key: value for key, value in answer.args.items() if key not in ("period_ns", "raw_command")}
    if "period_ns" in answer.args:  # ours: not rounded to whole microseconds, and presets are set
        args["sample_interval_usec"] = int(answer.args["period_ns"]) // 1000
        args["duration"] = None if args["duration"] == "-1" else float(args["duration"])
        args["limit"] = int(args["limit"])
    else:
        duration = args.get("duration")
        args["duration"] = None if duration is None else float(max(0, duration))  # less than nothing is nothing
        args["limit"] = 15 if args.get("limit") is None else args["limit"]
        args["sort"] = args.get("sort") or "nsamples"
    for key in ("pid", "duration", "limit"):
        if args.get(key) is not None:
            args[key] = float(args[key])
    if args.get("command") == "run" and args.get("args", [])[:1] == ["--"]:
        del args["args"][0]  # the reference takes the first one away, even behind the target
    return answer.code, answer.error, args


def is_own(line, there, here):
    """A difference that is wanted, and listed in docs/reference.md."""
    words = " ".join(line)
    if here.args.get("raw_command"):  # run -- COMMAND
        return True
    if "Sampling rate too high" in here.error:
        return there.error in (here.error.partition(" (the kernel's")[0], "") and "-r" in words
    if "-d/--duration" in there.error:  # fractions are welcome
        return "invalid int value" in there.error and (
            here.error == there.error.replace("int", "float") or "invalid" not in here.error
        )
    return False


def compare(lines, theirs, mine):
    differences = []
    for line, there, here in zip(lines, theirs, mine, strict=True):
        if is_own(line, there, here):
            continue
        a, b = normal(there, line), normal(here, line)
        refused = NOT_YET.fullmatch(here.error)
        if refused:
            assert here.code == 2
            assert refused[1] in LATER or here.args["command"] in LATER_COMMANDS, line
            b = (None, "", b[2])
            a = (a[0], "" if a[1].startswith("Warning:") else a[1], a[2])
        if a[0] is None:
            b = (b[0], b[1], {key: value for key, value in b[2].items() if key in a[2]})
            a = (a[0], a[1], {key: value for key, value in a[2].items() if key in b[2]})
            if a != b:
                differences.append((line, a, b))
        elif a[:2] != b[:2]:
            differences.append((line, a[:2], b[:2]))
    return differences


def test_same_words_same_answers(lab):
    """The table above, and random lines: exit code, message, and what the options come to."""
    lines = LINES + list(random_lines(int(os.environ.get("LINES_CNT", 300)), os.environ.get("LINES_SEED", 1)))
    theirs, mine = reference(lab, lines), ours(lines)
    assert sum(there.code is None for there in theirs) > 100
    assert len({re.sub(r"'.*", "", there.error) for there in theirs}) > 50
    differences = compare(lines, theirs, mine)
    assert not differences, "\n".join(map(str, differences[:10]))


# --- what it says of itself ----------------------------------------------------------------------


def options_of(text):
    """{"--mode": (short or None, choices or None, metavar or None, default or None)} of argparse's help."""
    found = {}
    rows = re.split(r"\n(?=  -)", text.partition("\noptions:\n")[2])
    for row in rows:
        head = re.match(r"\s*(?:(-\w), )?(--[\w-]+)(?: (?:\{([^}]*)\}|([A-Z_]+)))?(?=\s|$)", row)
        # The first of two: argparse adds that of the parser to the text's own.
        default = re.search(r"\(default: ([^)]*)\)", " ".join(row.split()))
        if head:
            choices = head[3].split(",") if head[3] else None
            found[head[2]] = (head[1], choices, head[4], default[1] if default else None)
    return found


@pytest.fixture(scope="module")
def texts(lab):
    return helps(lab, ("", *COMMANDS))


def our_help(tachyon, command):
    return subprocess.run([tachyon, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout


def later_in(text):
    return re.findall(r"[\w-]+", text.partition("\nnot in this version:\n")[2].partition("\n\n")[0])


def test_every_command(tachyon, texts):
    text = our_help(tachyon, "")
    theirs = re.search(r"\{([\w,]+)\}", texts[""])[1].split(",")
    assert theirs == list(COMMANDS)
    here = re.findall(r"^  (\w+) ", text.partition("\ncommands")[2].partition("\n\n")[0], re.M)
    assert sorted(here + LATER_COMMANDS) == sorted(theirs)
    assert later_in(text) == LATER_COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_choice_and_default(tachyon, texts, command):
    theirs = options_of(texts[command])
    assert len(theirs) > 5 and "--help" in theirs
    text = our_help(tachyon, command)
    ours_text = re.split(r"\n(?=  (?:-\w,|   ) --)", text)
    rows = {re.search(r"--[\w-]+", row)[0]: row.split("\n\n")[0] for row in ours_text[1:]}
    assert sorted(later_in(text)) == sorted(set(LATER) & set(theirs))
    for name, (short, choices, metavar, default) in theirs.items():
        if name in LATER:
            assert name not in rows  # nothing is said of it
            continue
        row = rows[name]
        argument = " [A-Z]+" if choices or metavar else ""
        assert re.match(rf"  {short + ',' if short else '   '} {name}{argument}(?:  |\n)", row), row
        row = " ".join(row.split())
        for choice in choices or ():
            assert re.search(rf"\b{choice}\b", row), (name, choice)
        if (choices or metavar) and default not in (None, "None"):
            # A default in words ("run to completion", "`stdout` for ...") is in other words there.
            wanted = default if re.fullmatch(r"[\w-]+", default) else ""
            assert f"(default: {wanted}" in row, (name, default)


def test_own_options_are_listed(tachyon, texts):
    """What is ours stands in docs/reference.md."""
    here, theirs = set(), set()
    for command in ("", *COMMANDS):
        here |= set(re.findall(r"^  (?:-\w,|   ) (--[\w-]+)", our_help(tachyon, command), re.M))
        theirs |= set(options_of(texts[command]))
    (row,) = re.findall(r"^\| own options \|(.*?)\|", (ROOT / "docs" / "reference.md").read_text(), re.M)
    assert sorted(here - theirs) == sorted(re.findall(r"`(--[\w-]+)`", row))


@pytest.mark.parametrize("command", COMMANDS)
def test_later(tachyon, texts, command):
    """The list of what is missing; each says so in one line, behind what the reference would have said."""
    target = {"run": "x.py", "replay": "x.bin"}.get(command, "1")
    arguments = {"--async-mode": ["all", "--async-aware"]}
    for name in set(LATER) & set(options_of(texts[command])):
        more = ["--flamegraph"] if name == "--opcodes" and command != "dump" else []
        line = [tachyon, command, *more, name, *arguments.get(name, []), target]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 2 and done.stdout == ""
        assert NOT_YET.fullmatch(done.stderr.splitlines()[-1]), (line, done.stderr)
