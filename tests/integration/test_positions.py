# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""From the kernel's walk to the printed line: what is sampled in a process is what that process says
of itself, instruction by instruction."""

import collections
import json

from rawfile import RawFile
from tree import TARGETS

TARGET = TARGETS / "positions.py"

# What user/symbolize/frametab.h says for None.
NONE = (0, 0, -1, -1)


def expected(code, lasti):
    qualname, filename, positions = code
    said = tuple(none if value is None else value for value, none in zip(positions[lasti], NONE))
    return said, qualname, filename


def test_sampled_positions(lab_python, lab_dir, python_version, tachyon_run):
    published, raw = lab_dir / "positions.json", lab_dir / "raw"
    target = lab_python(python_version, TARGET, published)
    target.wait_line("ready", timeout=60)
    done = tachyon_run("attach", target.pid, "--mode", "cpu", "-a", "-r", "10khz", "-d", 7,
                       "--collapsed", "-o", lab_dir / "out.txt", "--raw", raw)
    assert done.returncode == 0, done.stdout + done.stderr
    assert target.poll() is None, target.error_output()

    codes = {int(addr): code for addr, code in json.loads(published.read_text()).items()}
    rec = RawFile(raw)
    assert rec.end["bad"] == 0
    assert set(rec.weights) <= set(rec.frames) | set(rec.hidden), "a sample without its stack"

    pairs, total, distinct, wrong, strange = 0, 0, set(), [], collections.Counter()
    for stack, weight in rec.weights.items():
        for frame in rec.frames[stack]:
            total += weight
            code = codes.get(frame.addr)
            if code is None:
                strange[frame.qualname, frame.filename] += weight
                continue
            pairs += weight
            distinct.add((frame.addr, frame.lasti))
            if expected(code, frame.lasti) != (frame.position, frame.qualname, frame.filename):
                wrong.append((frame, expected(code, frame.lasti)))
    shims = sum(weight * rec.hidden[stack] for stack, weight in rec.weights.items())
    print(f"{pairs} pairs of {total} frames, {len(distinct)} distinct, {shims} shims, {rec.end}")
    assert not wrong, wrong[:10]
    assert pairs >= 100_000
    assert len(distinct) >= 500
    # Nothing is made after the codes were published, but for what the standard library makes itself.
    assert pairs >= 0.99 * total, strange.most_common(10)
    assert rec.end["bad_lines"] == 0 and rec.end["unknown"] == 0


def test_shim_is_hidden(lab_python, lab_dir, python_version, tachyon_run):
    """Python's own helper under each specialised __init__() call shows in no stack."""
    target = lab_python(
        python_version,
        "class A:\n"
        "    def __init__(self):\n"
        "        for _ in range(200): pass\n"
        "def call():\n"
        "    while True: A()\n"
        "print('ready', flush=True)\n"
        "call()\n",
    )
    target.wait_line("ready")
    raw, out = lab_dir / "raw", lab_dir / "out.txt"
    done = tachyon_run("attach", target.pid, "--mode", "cpu", "-a", "-r", "1khz", "-d", 1,
                       "--collapsed", "-o", out, "--raw", raw)
    assert done.returncode == 0, done.stdout + done.stderr
    rec = RawFile(raw)
    assert sum(rec.weights[stack] for stack in rec.hidden) > 100, "no shim was sampled"
    assert "__init__:__init__" not in out.read_text()
    names = {tuple(frame.qualname for frame in rec.frames[stack]) for stack in rec.hidden if rec.weights[stack]}
    assert names <= {("A.__init__", "call", "<module>"), ("call", "<module>")}
