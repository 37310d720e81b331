# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Made-up recordings as binary files, and from there to every other format: the same as without the detour. And
what the reference's `replay` makes of them, as far as its format can hold it."""

import collections
import re

import pytest

from made_up import MadeUp, run_tool
from made_up_cases import deep, hard_names, many
from reference_replay import reference_replay

FORMATS = ("collapsed", "pstats", "jsonl", "gecko", "speedscope", "pprof")
CASES = {"many": lambda: many(1), "names": hard_names, "deep": deep, "empty": MadeUp}
LEAVES, ROOTS, CUT = 191, 64, "<truncated>"


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    """(recording, directory): the directory has its description and the binary files."""
    made_up, directory = CASES[request.param](), tmp_path_factory.mktemp(request.param)
    for zstd in (0, 1):
        text = directory / f"{zstd}.txt"
        text.write_text("\n".join([*made_up.lines, f"zstd {zstd}"]) + "\n")
        run_tool(text, "binary", directory / f"{zstd}.bin")
    return made_up, directory


def without_id(data):
    """jsonl has another number each time."""
    return re.sub(rb'"run_id":"[0-9a-f]{32}"', b"", data)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_changes_on_the_way(case, form, tachyon_run):
    _, directory = case
    run_tool(directory / "0.txt", form, directory / f"direct.{form}")
    direct = (directory / f"direct.{form}").read_bytes()
    for zstd in (0, 1):
        out = directory / f"replayed.{zstd}.{form}"
        done = tachyon_run("replay", f"--{form}", "-o", out, directory / f"{zstd}.bin")
        assert done.returncode == 0 and not done.stderr, done.stderr
        assert without_id(out.read_bytes()) == without_id(direct)


@pytest.mark.parametrize("form", FORMATS)
def test_without_what_only_we_know(case, form, tachyon_run):
    """A file of the reference, of a time when it did not note the mode: our own part is not found."""
    made_up, directory = case
    data = bytearray((directory / "1.bin").read_bytes())
    assert data[-32 - 56 - 8 : -32 - 56] == b"TACHTAPE"
    data[-32 - 56 - 8] = 0
    data[60:64] = bytes(4)
    path, out = directory / "plain.bin", directory / f"plain.{form}"
    path.write_bytes(data)
    done = tachyon_run("replay", f"--{form}", "-o", out, path)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert f"Replayed {sum(sample.weight for sample in made_up.samples)} samples\n" in done.stdout
    assert out.stat().st_size or not made_up.samples


def cut(stack):
    """What the reference's format has of a stack, root first."""
    return stack if len(stack) <= 256 else (*stack[:ROOTS], CUT, *stack[-LEAVES:])


def label(file, line, function):
    return function if (file, line) == ("~", 0) else f"{file.rpartition('/')[2]}:{function}:{max(line, 0)}"


def test_reference_reads_them(case, lab, lab_dir):
    """All samples of all threads; names that have no surrogates, as they are."""
    made_up, directory = case
    (lab_dir / "1.bin").write_bytes((directory / "1.bin").read_bytes())
    answer = reference_replay(lab, lab_dir, [("collapsed", lab_dir / "1.bin")])[0]
    expected = collections.Counter()
    for sample in made_up.samples:
        frames = (label(*frame[:3]) for frame in reversed(sample.stack))
        expected[made_up.threads[sample.thread].tid, ";".join(cut(tuple(frames)))] += sample.weight
    assert answer.code == 0, answer.error
    assert f"Replayed {sum(expected.values())} samples\n" in answer.stdout
    found = collections.Counter()
    for line in re.findall(r"(?s)tid:(\d+);(.*?) (\d+)\n(?=tid:\d|\Z)", answer.data.decode()):
        found[int(line[0]), line[1]] += int(line[2])
    assert sum(found.values()) == sum(expected.values())
    for key, count in expected.items():
        if not re.search("[\ud800-\udfff]", key[1]):
            assert found[key] == count, key
