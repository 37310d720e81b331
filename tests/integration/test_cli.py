# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The command line as a user meets it: messages, exit codes, help, man page. The texts are argparse's,
as in the reference profiler."""

import os
import re
import shlex
import subprocess

import pytest

from tree import ROOT

COMMANDS = ("run", "attach", "dump")


@pytest.fixture(scope="module")
def cli(tachyon):
    def run(line, **popen):
        return subprocess.run(
            [tachyon, *shlex.split(line)], capture_output=True, text=True, timeout=20, check=False, **popen
        )

    return run


def usage_error(done):
    assert done.returncode == 2, done
    assert done.stdout == ""
    return done.stderr.splitlines()


# line -> message behind "tachyon-bpf COMMAND: error: "
SUB_ERRORS = [
    ("attach", "the following arguments are required: pid"),
    ("run", "the following arguments are required: target"),
    ("run -m", "the following arguments are required: target"),
    ("run --mode cpu --", "the following arguments are required: target"),
    ("attach abc", "argument pid: invalid int value: 'abc'"),
    ("attach 1.5", "argument pid: invalid int value: '1.5'"),
    ("run --s x.py", "ambiguous option: --s could match --sampling-rate, --subprocesses, --sort"),
    ("run -o", "argument -o/--output: expected one argument"),
    ("run --output --collapsed x.py", "argument -o/--output: expected one argument"),
    ("run --all-threads=1 x.py", "argument -a/--all-threads: ignored explicit argument '1'"),
    (
        "run --mode foo x.py",
        "argument --mode: invalid choice: 'foo' (choose from 'wall', 'cpu', 'gil', 'exception')",
    ),
    (
        "run --sort foo x.py",
        "argument --sort: invalid choice: 'foo' (choose from 'nsamples', 'tottime', 'cumtime', "
        "'sample-pct', 'cumul-pct', 'nsamples-cumul', 'name')",
    ),
    (
        "run -r 2mhz x.py",
        "argument -r/--sampling-rate: Invalid sampling rate format: 2mhz. Expected: number followed "
        "by optional suffix (hz, khz, k) with no spaces (e.g., 10khz)",
    ),
    ("run -r 0 x.py", "argument -r/--sampling-rate: Sampling rate must be positive: 0"),
    (
        "run -r 2000000 x.py",
        "argument -r/--sampling-rate: Sampling rate too high: 2000000 (the kernel's timer goes up to "
        "100khz)",
    ),
    ("run -d abc x.py", "argument -d/--duration: invalid float value: 'abc'"),
    ("run -l x x.py", "argument -l/--limit: invalid int value: 'x'"),
    (
        "run --ring-size 5k x.py",
        "argument --ring-size: must be a power of two from 4k to 1g (e.g., 64k, 16m): '5k'",
    ),
    ("run --pstats --collapsed x.py", "argument --collapsed: not allowed with argument --pstats"),
    ("run --collapsed --pstats x.py", "argument --pstats: not allowed with argument --collapsed"),
    ("run --python python3 -- ls", "argument --python: not allowed with -- COMMAND"),
    ("run --heatmap x.py", "--heatmap is not available in this version"),
    ("attach --live 1", "--live is not available in this version"),
    ("dump --async-aware 1", "--async-aware is not available in this version"),
    ("dump", "the following arguments are required: pid"),
]


@pytest.mark.parametrize("line, message", SUB_ERRORS, ids=[line for line, _ in SUB_ERRORS])
def test_errors_of_a_command(cli, line, message):
    command = line.split()[0]
    lines = usage_error(cli(line))
    assert lines[-1] == f"tachyon-bpf {command}: error: {message}"
    assert lines[0].startswith(f"usage: tachyon-bpf {command} ")


TOP_ERRORS = [
    ("", "the following arguments are required: command"),
    ("bogus", "argument command: invalid choice: 'bogus' (choose from 'run', 'attach', 'dump', 'replay')"),
    ("dump 1 -r 1khz", "unrecognized arguments: -r 1khz"),
    ("attach 1 2 -x", "unrecognized arguments: 2 -x"),
    ("--bogus", "the following arguments are required: command"),
    ("--bogus attach 1", "unrecognized arguments: --bogus"),
    (
        "run --mode cpu --collapsed --sort name x.py",
        "Options --sort are only valid with --pstats, not --collapsed",
    ),
    (
        "attach --mode cpu --no-summary --collapsed -l 15 --sort nsamples 1",
        "Options --sort, --limit, --no-summary are only valid with --pstats, not --collapsed",
    ),
]


@pytest.mark.parametrize("line, message", TOP_ERRORS, ids=[line for line, _ in TOP_ERRORS])
def test_errors_of_the_program(cli, line, message):
    lines = usage_error(cli(line))
    assert lines[-1] == f"tachyon-bpf: error: {message}"
    assert lines[0].startswith("usage: tachyon-bpf ")


def test_version(cli):
    done = cli("--version")
    assert re.fullmatch(r"tachyon-bpf \d+\.\d+\.\d+\n", done.stdout)
    assert (done.returncode, done.stderr) == (0, "")


def options_of(help_text):
    """{"--rate": ("-r", "RATE")} of a help text."""
    return {
        long: (short or None, metavar or None)
        for short, long, metavar in re.findall(r"^  (?:(-\w), |    )(--[\w-]+)(?: ([A-Z]+))?(?:  |$)", help_text, re.M)
    }


@pytest.fixture(scope="module")
def helps(cli):
    texts = {}
    for command in COMMANDS:
        done = cli(f"{command} --help")
        assert (done.returncode, done.stderr) == (0, "")
        texts[command] = done.stdout
    return texts


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_top_help(cli, flag):
    done = cli(flag)
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", done.stdout, re.M)
    assert set(options_of(done.stdout)) == {"--help", "--version", "--completion"}


def test_help_lists_the_options(helps):
    common = {"--help", "--verbose", "--mode", "--sampling-rate", "--duration", "--all-threads", "--pstats"}
    common |= {"--collapsed", "--gecko", "--output", "--sort", "--limit", "--no-summary", "--tids", "--native", "--no-gc"}
    common |= {"--force", "--ring-size", "--raw", "--pprof", "--speedscope", "--realtime-stats"}
    common |= {"--jsonl", "--binary", "--compression", "--blocking", "--flamegraph", "--diff-flamegraph", "--browser"}
    assert set(options_of(helps["attach"])) == common
    assert set(options_of(helps["run"])) == common | {"--module", "--python"}
    few = {"--help", "--verbose", "--all-threads", "--native", "--no-gc", "--blocking", "--tids", "--force"}
    assert set(options_of(helps["dump"])) == few
    assert options_of(helps["run"])["--sampling-rate"] == ("-r", "RATE")
    for text in helps.values():
        assert max(map(len, text.splitlines())) < 80


def test_help_of_run_says_how_to_keep_what_sudo_resets(helps):
    text = " ".join(helps["run"].split())
    assert "sudo --preserve-env=PATH,VIRTUAL_ENV" in text
    assert "--python" in text


def test_help_tells_the_truth(cli, helps):
    """Every option of the help is one for the parser, takes an argument if it shows one, and its
    default is accepted."""
    for command, text in helps.items():
        for long, (short, metavar) in options_of(text).items():
            if long == "--help":
                continue
            for name in filter(None, (long, short)):
                last = cli(f"{command} {name}").stderr.splitlines()[-1]
                if metavar:
                    assert last.endswith(": expected one argument"), (command, name)
                else:
                    assert "the following arguments are required" in last, (command, name)
        rows = re.findall(r"(--[\w-]+) [A-Z]+\s+((?:.|\n {20,})*)", text)
        defaults = {name: re.findall(r"\(default: (\w+)\)", " ".join(row.split())) for name, row in rows}
        if command != "dump":
            assert defaults["--limit"] == ["15"] and defaults["--mode"] == ["wall"]
        for name, values in defaults.items():
            for value in values:
                last = cli(f"{command} {name} {value}").stderr.splitlines()[-1]
                assert "the following arguments are required" in last, (command, name, value)


def test_examples_are_accepted(cli, helps):
    """They get past the parser: what fails then is that the things do not exist here."""
    env = {"PATH": "/nonexistent"}
    for text in helps.values():
        examples = re.findall(r"^  sudo tachyon-bpf (.*)$", text, re.M)
        assert examples
        for line in examples:
            line = line.replace("1234", "999999999")
            assert cli(line, env=env, cwd="/proc/self/fdinfo").returncode == 1, line


@pytest.fixture(scope="module")
def man(cli):
    done = cli("--man-page")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_man_page_has_what_the_help_has(helps, man):
    plain = re.sub(r"\\f[BIR]", "", man).replace("\\-", "-").replace("\\&", "")
    items = {
        long: (short or None, metavar or None)
        for short, long, metavar in re.findall(r"^\.TP\n(?:(-\w), )?(--[\w-]+)(?: ([A-Z]+))?$", plain, re.M)
    }
    wanted = {"--version": (None, None), "--completion": (None, "SHELL")}
    for text in helps.values():
        wanted.update(options_of(text))
    assert items == wanted
    for text in helps.values():
        for line in re.findall(r"^(?:usage:|      ) (tachyon-bpf .*)$", text, re.M):
            assert line in plain
        for line in re.findall(r"^  (sudo tachyon-bpf .*)$", text, re.M):
            assert line in plain


def test_man_page_is_well_formed(man):
    """Only requests of man(7), no empty lines, no stray backslash, no hyphen for a minus."""
    lines = man.splitlines()
    assert lines[0].startswith(".TH TACHYON\\-BPF 1 ")
    assert {line.split()[0] for line in lines if line.startswith(".")} == {
        ".TH", ".SH", ".SS", ".TP", ".PP", ".BR", ".nf", ".fi"
    }
    assert "" not in lines
    for line in lines[1:]:
        assert not re.sub(r"\\(f[BIR]|[-&e])", "", line).count("\\"), line
        assert not re.search(r"(?<!\\)-", line), line
    headings = [line[4:] for line in lines if line.startswith(".SH ")]
    assert headings[:2] == ["NAME", "SYNOPSIS"]
    assert {"OPTIONS", "EXIT STATUS", "ENVIRONMENT", "EXAMPLES"} <= set(headings)


def test_built_man_page_is_current(tachyon, man):
    page = ROOT / "build" / "tachyon-bpf.1"
    if os.path.samefile(os.path.dirname(tachyon), page.parent):
        assert page.read_text() == man


def test_help_that_cannot_be_written(tachyon):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [tachyon, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "tachyon-bpf: error: cannot write: No space left on device\n")


def test_no_output_after_a_broken_pipe(tachyon):
    """`--help | head -1` does not hang or crash."""
    with subprocess.Popen([tachyon, "run", "--help"], stdout=subprocess.PIPE) as proc:
        proc.stdout.close()
        assert proc.wait(timeout=10) in (0, -13)
