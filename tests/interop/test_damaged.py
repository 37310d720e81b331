# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Damaged recordings: our `replay` and the reference's say the same of them, and if they are good all the same make
the same of them."""

import random
import re

import pytest

from made_up import run_tool
from made_up_cases import many
from reference_replay import reference_replay

CASES = 150
HEADER, FOOTER, STATS = 64, 32, 56


def tables_at(data):
    return int.from_bytes(data[40:48], "little")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """{compression: a file without a tape}"""
    directory, files = tmp_path_factory.mktemp("good"), {}
    made_up = many(7, samples=400, processes=1, threads=4, depth=9)
    for zstd in (0, 1):
        text, path = directory / "text", directory / "bin"
        text.write_text("\n".join([*made_up.lines, f"zstd {zstd}"]) + "\n")
        run_tool(text, "binary", path)
        data = path.read_bytes()
        end = len(data) - FOOTER - STATS
        tape = int.from_bytes(data[end - 16 : end - 8], "little")
        footer = data[-FOOTER:-24] + (tape + STATS + FOOTER).to_bytes(8, "little") + bytes(16)
        files[zstd] = data[:tape] + data[end:-FOOTER] + footer
    return files


def swap(data):
    """The same file, as a machine of the other byte order would have written it: for files without repeats."""
    fields = ((0, 4), (4, 4), (12, 8), (20, 8), (28, 8), (36, 4), (40, 8), (48, 8), (56, 4), (60, 4))
    out = bytearray(data)
    for at, size in fields:
        out[at : at + size] = out[at : at + size][::-1]
    for at in (len(out) - 32, len(out) - 28):
        out[at : at + 4] = out[at : at + 4][::-1]
    return out


def damage(rng, data, begin):
    """Somewhere behind begin, or in the header or the footer."""
    out = bytearray(data)
    kind = rng.choice(("flip", "flip", "byte", "cut", "head", "foot", "insert", "version"))
    at = rng.randrange(begin, len(out))
    if kind == "flip":
        out[at] ^= 1 << rng.randrange(8)
    elif kind == "byte":
        out[at] = rng.choice((0, 0x7F, 0x80, 0xFF))
    elif kind == "cut":
        del out[rng.randrange(len(out)) :]
    elif kind == "head":
        out[rng.randrange(HEADER)] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
    elif kind == "foot":
        out[-1 - rng.randrange(FOOTER + STATS)] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
    elif kind == "insert":
        out[at:at] = rng.randbytes(rng.randrange(1, 20))
    else:
        out[4:8] = rng.randrange(5).to_bytes(4, "little")
    return bytes(out)


def same_error(theirs, ours):
    """Theirs has the version of their Python."""
    theirs = re.sub(r"but this is Python [\d.]+", "but this is tachyon-bpf", theirs)
    return ours == theirs.replace("Error: ", "tachyon-bpf: error: ", 1)


def content(data):
    """Lines of JSON, without what is different each time. What is no UTF-8 is something else on each side; an interval
    of more than 584 years does not fit into our nanoseconds."""
    text = re.sub('"run_id":"[0-9a-f]*"', "", data.decode())
    text = re.sub(r'(?<="sample_interval_usec":)\d+', lambda match: str(min(int(match[0]), 2**64 // 1000)), text)
    return re.sub(r"(?:\\ufffd|\\ud[89a-f][0-9a-f]{2})+", "?", text)


@pytest.mark.parametrize("zstd", [0, 1])
def test_both_say_the_same(good, lab, lab_dir, tachyon_run, tmp_path, zstd):
    rng, data = random.Random(zstd + 1), good[zstd]
    # What becomes of damaged compressed bytes is a matter of the version of libzstd.
    begin = tables_at(data) if zstd else HEADER
    files = [lab_dir / f"{n}.bin" for n in range(CASES)]
    for file in files:
        file.write_bytes(damage(rng, data, begin))
    files[0].write_bytes(data)
    answers = reference_replay(lab, lab_dir, [("jsonl", file) for file in files])
    assert not answers[0].code and len({answer.error for answer in answers}) > 15
    differences = []
    for file, theirs in zip(files, answers, strict=True):
        out = tmp_path / file.name
        ours = tachyon_run("replay", "--jsonl", "-o", out, file)
        assert ours.returncode in (0, 1)
        error = ours.stderr.splitlines()[-1] if ours.stderr else ""
        if theirs.code or ours.returncode:
            same = theirs.code == ours.returncode and same_error(theirs.error, error)
        else:
            same = content(theirs.data) == content(out.read_bytes())
        if not same:
            differences.append((file.name, theirs.code, theirs.error, ours.returncode, error))
    assert not differences, "\n".join(map(str, differences[:10]))


def test_the_other_byte_order(good, lab, lab_dir, tachyon_run, tmp_path):
    """A recording without samples of which only the tables have to be understood, and one whose header lies."""
    empty = bytearray(good[0])
    del empty[HEADER : tables_at(empty)]
    shift = len(good[0]) - len(empty)
    for at in (40, 48):
        place = int.from_bytes(empty[at : at + 8], "little") - shift
        empty[at : at + 8] = place.to_bytes(8, "little")
    del empty[-FOOTER - STATS : -FOOTER]
    files = [lab_dir / "lies.bin", lab_dir / "empty.bin"]
    files[0].write_bytes(swap(empty))
    empty[28:36] = bytes(8)
    files[1].write_bytes(swap(empty))
    answers = reference_replay(lab, lab_dir, [("collapsed", file) for file in files])
    assert [answer.code for answer in answers] == [1, 0]
    for file, theirs in zip(files, answers, strict=True):
        ours = tachyon_run("replay", "--collapsed", "-o", tmp_path / "out", file)
        assert ours.returncode == theirs.code
        assert not theirs.error or same_error(theirs.error, ours.stderr.strip())
