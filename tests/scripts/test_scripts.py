# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The checks must be able to fail: each is shown something wrong, in a copy of what it looks at."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "scripts" / "results.py"


def call(*command, cwd=None):
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


@pytest.fixture
def results(tmp_path):
    """results(kind, command...) -> exit code and the counts that were noted."""
    path = tmp_path / "results"

    def run(kind, *commands):
        code, _ = call(sys.executable, "-B", RESULTS, "run", path, "suite", kind, *commands)
        return code, tuple(int(word) for word in path.read_text().splitlines()[-1].split()[1:])

    run.path = path
    return run


TAP = [
    ("echo 1..2; echo ok 1 - a; echo ok 2 - b", (2, 0, 0)),
    ("echo 1..2; echo ok 1 - a; echo not ok 2 - b; exit 1", (1, 1, 0)),
    ("echo 1..2; echo ok 1 - a; echo 'not ok 2 # SKIP b'", (1, 0, 1)),
    ("echo 1..3; echo ok 1 - a; kill -SEGV $$", (1, 2, 0)),
    ("echo 1..1; echo ok 1 - a; exit 23", (1, 1, 0)),  # a leak, found after the last test
    ("echo nothing", (0, 1, 0)),
    ("no-such-program-anywhere", (0, 1, 0)),
]


@pytest.mark.parametrize("command, counts", TAP)
def test_tap(results, command, counts):
    assert results("tap", command) == (bool(counts[1]), counts)


PYTEST = [
    ("echo '== 5 passed in 1.20s =='", (5, 0, 0)),
    ("echo '== 1 failed, 5 passed, 2 skipped, 1 error in 61.20s (0:01:01) =='; exit 1", (5, 2, 2)),
    ("echo '== no tests ran in 0.01s =='; exit 5", (0, 1, 0)),
    ("echo '== 5 passed in 1.20s =='; exit 3", (5, 1, 0)),
    ("exit 2", (0, 1, 0)),
]


@pytest.mark.parametrize("command, counts", PYTEST)
def test_pytest(results, command, counts):
    assert results("pytest", command) == (bool(counts[1]), counts)


def test_no_commands_is_a_failure(results):
    assert results("tap") == (1, (0, 1, 0))


def test_sum(results):
    results("step", "true", "true")
    assert call(RESULTS, "sum", results.path, "suite")[0] == 0
    code, text = call(RESULTS, "sum", results.path, "suite", "absent")
    assert code == 1
    assert "absent: did not run" in text
    assert text.splitlines()[-1] == "2 passed, 1 failed, 0 skipped"
    assert call(RESULTS, "sum", results.path.with_name("none"))[0] == 1


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources."""
    copy = tmp_path / "tree"
    copy.mkdir()
    for name in ("bpf", "user", "vmlinux", "scripts", "docs"):
        shutil.copytree(ROOT / name, copy / name)
    return copy


def test_layers(tree):
    assert call(tree / "scripts/check-layers.sh")[0] == 0
    (tree / "user/read/bad.c").write_text('#include "symbolize/symbolize.h"\n')
    (tree / "user/util/bad.c").write_text('#include "bpf/tach_wire.h"\n')
    (tree / "bpf/bad.bpf.h").write_text('#include "util/log.h"\n')
    (tree / "user/newroom").mkdir()
    code, text = call(tree / "scripts/check-layers.sh")
    assert code == 1
    assert len(text.splitlines()) == 5
    for place in ("user/read/bad.c", "user/util/bad.c", "bpf/bad.bpf.h", "user/newroom"):
        assert place in text


def test_tree(tree):
    spdx = "// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only\n"
    good = call(tree / "scripts/check-tree.sh")[1]
    wrong = {
        "user/a.c": "int a;\n",
        "user/b.c": spdx + "int b;\n" * 400,
        "user/c.c": spdx + "/* see user/no/such.c */\n",
        "user/d.c": spdx + "/* " + "TO" + "DO */\n",
        "docs/e.md": "in " + "/" + "home/somebody\n",
        "docs/f.md": "from " + "pypi" + ".org\n",
    }
    for name, text in wrong.items():
        (tree / name).write_text(text)
    code, text = call(tree / "scripts/check-tree.sh")
    assert code == 1
    for name in wrong:
        assert name in text
        assert name not in good


def test_package_lists(tree):
    assert call(tree / "scripts/setup.sh", "--check-docs")[0] == 0
    with open(tree / "docs/dependencies.md", "a", encoding="utf-8") as doc:
        doc.write("| `cowsay` | fun |\n")
    code, text = call(tree / "scripts/setup.sh", "--check-docs")
    assert code == 1 and "cowsay" in text


KERNEL_TYPES = [
    ("\tint tgid;", "\tunsigned int tgid;", "task_struct.tgid"),
    ("\tint tgid;", "\tint tgid;\n\tint nonsense;", "task_struct.nonsense"),
    ("\tchar comm[16];", "\tchar comm[20];", "task_struct.comm"),
    ("\tstruct pid *thread_pid;", "\tstruct upid *thread_pid;", "task_struct.thread_pid"),
    ("\tBPF_NOEXIST = 1,", "\tBPF_NOEXIST = 3,", "BPF_NOEXIST"),
    ("struct upid {", "struct nonsense {\n\tint a;\n};\n\nstruct upid {", "nonsense"),
]


@pytest.mark.parametrize("old, new, named", KERNEL_TYPES)
def test_kernel_types(tree, monkeypatch, old, new, named):
    header = tree / "vmlinux/vmlinux.h"
    text = header.read_text()
    assert text.count(old) == 1
    header.write_text(text.replace(old, new))
    monkeypatch.setenv("PATH", os.environ["PATH"] + ":/usr/sbin")
    code, text = call(sys.executable, "-B", tree / "scripts/check-vmlinux.py")
    assert code == 1
    assert f"vmlinux.h: {named}:" in text or f"struct {named}: not there" in text
