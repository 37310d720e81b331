# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The judges of the kernels can fail: each is shown what a virtual machine left, with one thing wrong."""

import copy
import re
import shutil

import pytest

import test_kernels as judges


def changed(old, new):
    """Replace the first match."""
    return lambda text: re.sub(old, new, text, count=1, flags=re.M)


def lost(cnt, name):
    """Let ticks end there that ended in a sample."""
    return lambda text: changed(rf"status {name} \d+$", f"status {name} {cnt}")(
        re.sub(r"status SAMPLED (\d+)", lambda found: f"status SAMPLED {int(found[1]) - cnt}", text)
    )


CHAINS = (judges.test_known_call_graph, "3.15")
WRONG = {
    "another kernel": ((judges.test_is_the_kernel,), "uname.out", changed(r"Linux \d+", "Linux 5")),
    "types": ((judges.test_kernel_types,), "btf.out", lambda text: text[: len(text) // 2]),
    "program missing": ((judges.test_programs_load,), "programs.out", changed(r"^.*\n", "")),
    "program not compiled": ((judges.test_programs_load,), "programs.out", changed(r"\d+$", "0")),
    "programs not loaded": ((judges.test_programs_load,), "programs.code", changed("0", "1")),
    "test failed": ((judges.test_bpf, "test_walk"), "test_walk.out", changed("^ok 2", "not ok 2")),
    "test skipped": ((judges.test_bpf, "test_walk"), "test_walk.out", changed("^(ok 2.*)$", r"\1 # SKIP")),
    "test crashed": ((judges.test_bpf, "test_walk"), "test_walk.out", changed(r"^ok 3(.|\n)*", "")),
    "caller": (CHAINS, "chains-3.15.txt", changed("chain_2_4", "chain_3_4")),
    "line": (CHAINS, "chains-3.15.txt", changed(r"(chain_2_11):\d+", r"\1:1")),
    "sample missing": (CHAINS, "chains-3.15.txt", changed(r"^.*\n", "")),
    "sample failed": (CHAINS, "chains-3.15.err", lost(1, "FRAME_FAULT")),
    "tick not counted": (CHAINS, "chains-3.15.err", changed(r"status NO_PYTHON 0", "status NO_PYTHON 1")),
    "too few": (CHAINS, "chains-3.15.err", changed(r"cpu_ns \d+", "cpu_ns 3100000000")),
    "many samples failed": ((judges.test_known_shares,), "shares.err", lost(500, "RING_FULL")),
    "shares": ((judges.test_known_shares,), "truth.json", changed(r'("work_sort", \d+, \d+, )\d+', r"\g<1>900000000")),
    "waits": ((judges.test_known_waits,), "waits.json", changed(r'("sleep_middle", \d+, \d+, )\d+', r"\g<1>900000000")),
    "exceptions": (
        (judges.test_known_exceptions,),
        "exceptions.json",
        changed(r'("in_except", \d+, \d+, )\d+', r"\g<1>900000000"),
    ),
    "peer": ((judges.test_known_peer,), "peers.json", changed(r'"peer": \["127', '"peer": ["128')),
    "waits for a peer": ((judges.test_known_peer,), "peers.json", changed(r'"waits": \[', '"waits": [0.1, ')),
    "approximated": ((judges.test_known_waits,), "waits.err", changed(r"OFF_REUSED \d+", "OFF_REUSED 900")),
    "complaint": ((judges.test_kernel_has_no_complaints,), "dmesg.out", lambda text: text + "[ 1.0] BUG: a\n"),
}


@pytest.mark.parametrize("what", WRONG)
def test_judge(guest, tmp_path, what):
    (judge, *args), name, spoil = WRONG[what]
    other = copy.copy(guest)
    other.dir, other.figures = tmp_path, {}
    shutil.copytree(guest.dir / "results", tmp_path / "results")
    try:
        judge(other, *args)
    except AssertionError:
        return  # something is wrong without our help, and the judge has said so
    good = guest.path(name).read_bytes().decode("latin-1")
    assert spoil(good) != good
    other.path(name).write_bytes(spoil(good).encode("latin-1"))
    with pytest.raises(AssertionError):
        judge(other, *args)
