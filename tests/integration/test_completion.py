# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The completions, as installed, in the shells themselves: keys are typed, and what the line then is counts."""

import os
import pty
import select
import signal
import subprocess
import time

import pytest

from tree import ROOT

# typed -> the line after it
CASES = [
    ("tachyon-bpf att\t", "tachyon-bpf attach "),
    ("tachyon-bpf --vers\t", "tachyon-bpf --version "),
    ("tachyon-bpf attach --mo\t", "tachyon-bpf attach --mode"),
    ("tachyon-bpf attach --mode c\t", "tachyon-bpf attach --mode cpu "),
    ("tachyon-bpf attach --mode=ex\t", "tachyon-bpf attach --mode=exception "),
    ("tachyon-bpf attach -r 5k --sort cumt\t", "tachyon-bpf attach -r 5k --sort cumtime "),
    ("tachyon-bpf run --mod\t", "tachyon-bpf run --mod"),  # --module, --mode
    ("tachyon-bpf run --modu\t", "tachyon-bpf run --module "),
    ("tachyon-bpf dump --sor\t", "tachyon-bpf dump --sor"),  # is none of its options
    ("tachyon-bpf attach --heatm\t", "tachyon-bpf attach --heatm"),  # nor in this version
    ("tachyon-bpf run -m --mode=cpu unique-f\t", "tachyon-bpf run -m --mode=cpu unique-file.py "),
    ("tachyon-bpf run -d 5 x.py --mo\t", "tachyon-bpf run -d 5 x.py --mo"),  # the program's
    ("tachyon-bpf run x.py unique-f\t", "tachyon-bpf run x.py unique-file.py "),
    ("tachyon-bpf attach -o unique-f\t", "tachyon-bpf attach -o unique-file.py "),
    ("sudo tachyon-bpf attach --mode=g\t", "sudo tachyon-bpf attach --mode=gil "),
]


def line_of(text):
    """As a shell may leave it: with a blank or a "=" for what follows, or without."""
    return text.rstrip(" =")


@pytest.fixture(scope="module")
def share(tmp_path_factory, tachyon):
    """.../share, as `make install` fills it."""
    place = tmp_path_factory.mktemp("installed")
    env = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", "-C", ROOT, "--no-print-directory", "install", f"DESTDIR={place}", "PREFIX=/usr"]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=300)
    assert (place / "usr/bin/tachyon-bpf").read_bytes() == (ROOT / "build" / "tachyon-bpf").read_bytes()
    return place / "usr/share"


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, command, cwd, env):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(command[0], command, env)
        self.shown = b""

    def read(self):
        """What it shows, as it comes."""
        if select.select([self.terminal], [], [], 0.02)[0]:
            self.shown += os.read(self.terminal, 65536)

    def wait(self, condition):
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, self.shown
            self.read()

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


def check_shell(command, place, environment):
    """Ctrl-T notes the line and empties it."""
    notes = place / "notes"
    notes.touch()
    terminal = Terminal(command, place, environment)
    try:
        terminal.wait(lambda: b"READY>" in terminal.shown)
        for number, (typed, wanted) in enumerate(CASES):
            terminal.type(f"{typed}\x14")
            terminal.wait(lambda: notes.read_text().count("\n") > number)
            assert line_of(notes.read_text().splitlines()[number]) == line_of(wanted), typed
    finally:
        terminal.end()


@pytest.fixture
def place(tmp_path):
    (tmp_path / "unique-file.py").touch()
    return tmp_path


@pytest.fixture
def environment(share, place):
    return {
        "PATH": f"{share.parent}/bin:{os.environ['PATH']}",
        "HOME": str(place),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "XDG_DATA_DIRS": f"{share}:/usr/share",
        "NOTES": str(place / "notes"),
    }


BASH = """
. /usr/share/bash-completion/bash_completion
note() { printf '%s\\n' "$READLINE_LINE" >>"$NOTES"; READLINE_LINE=; READLINE_POINT=0; }
bind 'set bell-style none'
bind -x '"\\C-t": note'
PS1='READY''>'
"""


def test_bash(place, environment):
    (place / "rc").write_text(BASH)
    check_shell(["bash", "--noprofile", "--rcfile", str(place / "rc"), "-i"], place, environment)


def bash_offers(share, *words):
    """What bash is told for the last word."""
    script = '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tachyon_bpf; printf "%s\\n" "${COMPREPLY[@]}"'
    path = share / "bash-completion/completions/tachyon-bpf"
    done = subprocess.run(["bash", "-c", script, path, *words], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_knows_processes_and_commands(share):
    for command in ("attach", "dump"):
        offers = bash_offers(share, "tachyon-bpf", command, "")
        assert str(os.getpid()) in offers and all(offer.isdigit() for offer in offers)
    assert "bash" in bash_offers(share, "tachyon-bpf", "run", "-m", "--", "ba")


def test_bash_script_is_well_written(share):
    subprocess.run(["shellcheck", "-s", "bash", share / "bash-completion/completions/tachyon-bpf"], check=True)


ZSH = """
fpath=(SITE_FUNCTIONS $fpath)
autoload -U compinit
compinit -u -D
unsetopt beep auto_menu
note() { print -r -- "$BUFFER" >>"$NOTES"; BUFFER= }
zle -N note
bindkey '^T' note
PS1='READY''>'
"""


def test_zsh(share, place, environment):
    (place / ".zshrc").write_text(ZSH.replace("SITE_FUNCTIONS", f"{share}/zsh/site-functions"))
    check_shell(["zsh", "-d", "-i"], place, environment)


def fish(share, place, environment, typed):
    """What fish offers for the last word."""
    script = 'complete -C "$argv[1]"'
    done = subprocess.run(
        ["fish", "-c", script, typed], cwd=place, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0 and done.stderr == ""
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def test_fish(share, place, environment):
    for typed, wanted in CASES:
        typed = typed.rstrip("\t")
        offers = fish(share, place, environment, typed)
        start = typed.rpartition(" ")[0]
        if line_of(wanted) == typed:
            assert len(offers) != 1, typed
        else:
            assert [line_of(f"{start} {offer}") for offer in offers] == [line_of(wanted)], typed
    offers = fish(share, place, environment, "tachyon-bpf attach ")
    assert str(os.getpid()) in offers
