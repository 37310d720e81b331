# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Two programs that talk to each other, each of which knows what it waited for and with whom it spoke: does the Firefox
Profiler show that? What one of them did comes by way of a binary recording."""

import collections
import json
import os
import signal
import subprocess
import time

from kernel import stolen_seconds
from processes import wait_until
from profiled import Recording
from shares import expect
from tree import TARGETS, VERSIONS

RATE = 10_000  # waits of less than a tenth of a period are not told of
SLACK_MS = 0.5  # of a wait: reading clocks, going to sleep
Wait = collections.namedtuple("Wait", "name begin end asleep")


def url(address):
    return f"tcp://{address[0]}:{address[1]}"


def truth_of(path, start_s):
    """[Wait], times in ms from the start of the recording."""
    difference = time.time() - time.monotonic()
    found = []
    for call, begin, end, asleep, own, peer in json.loads(path.read_text()):
        begin, end = (1000 * (ns / 1e9 + difference - start_s) for ns in (begin, end))
        name = "epoll epoll:" if call == "epoll" else f"{call} {url(peer or own)}"
        found.append(Wait(name, begin, end, asleep / 1e6))
    return found


class Side:
    """One of the two programs, and what is recorded of it."""

    def __init__(self, tachyon, directory, target, truth, form):
        directory.mkdir()
        self.tachyon, self.target, self.truth, self.form = tachyon, target, truth, form
        args = ("--mode", "wall", "-r", RATE, target.pid)
        self.recording = Recording(tachyon, directory, "attach", *args, form=form)

    def end(self):
        wait_until(self.truth.exists, 60, "the end of the conversation")
        os.kill(self.target.pid, signal.SIGKILL)
        assert self.recording.wait() == 0, self.recording.stderr.read_text()
        if self.form == "--gecko":
            return self.recording.output
        replayed = self.recording.output.with_name("replayed.json")
        subprocess.run([self.tachyon, "replay", "--gecko", "-o", replayed, self.recording.output], check=True)
        return replayed

    def check(self, profile, stolen_ms):
        """Each wait is there, as long as the program slept, and nothing else is."""
        (main,) = profile.threads().values()
        truth = truth_of(self.truth, profile.ask("profile", "meta")["startTime"] / 1000)
        markers = {
            (name, *times)
            for name, all_times in profile.markers(main).items()
            for times in all_times
            if name.split()[0] in ("accept", "connect", "recv", "send", "poll", "epoll")
        }
        count = len(markers)
        for wait in truth:
            inside = {each for each in markers if each[1] > wait.begin - SLACK_MS and each[2] < wait.end + SLACK_MS}
            assert {name for name, *_ in inside} <= {wait.name}, wait  # it may have had no need to sleep
            asleep = sum(end - begin for _, begin, end in inside)
            # Interrupts have the time in which it is awake, too, and that is nobody's CPU time.
            served = (wait.end - wait.begin - asleep) / 2
            slack = SLACK_MS * (1 + len(inside)) + served + stolen_ms
            expect(abs(asleep - wait.asleep) < slack, wait, inside)
            markers -= inside
        assert not markers and sum(wait.asleep for wait in truth) > 20
        requests = profile.ask("thread", "network", "--limit", 0, "--thread", main["threadHandle"])["requests"]
        assert {request["url"] for request in requests} <= {wait.name.split()[1] for wait in truth}
        assert len(requests) == count
        return collections.Counter(wait.name.split()[0] for wait in truth)


def test_a_conversation(lab_python, lab_dir, tachyon, tmp_path, firefox):
    go, truths = lab_dir / "go", [lab_dir / f"{name}.json" for name in ("server", "client")]
    program = TARGETS / "network.py"
    proc = os.open("/proc", os.O_RDONLY)
    server = lab_python(VERSIONS[0], program, proc, go, truths[0], pass_fds=[proc])
    wait_until(server.output, what="its port")
    args = (proc, go, truths[1], server.output().strip())
    client = lab_python(VERSIONS[-1], program, *args, name="client.py", pass_fds=[proc])
    os.close(proc)
    client.wait_line()
    sides = [
        Side(tachyon, tmp_path / truth.stem, target, truth, form)
        for target, truth, form in zip((server, client), truths, ("--binary", "--gecko"))
    ]
    try:
        for side in sides:
            side.recording.wait_sampling()
        stolen = stolen_seconds()
        go.touch()
        paths = [side.end() for side in sides]
        stolen_ms = 1000 * (stolen_seconds() - stolen)
    finally:
        for side in sides:
            side.recording.__exit__()
    assert sides[0].check(firefox(paths[0]), stolen_ms) == {"accept": 1, "recv": 12}
    assert sides[1].check(firefox(paths[1]), stolen_ms) == {"recv": 5, "poll": 5, "epoll": 1, "send": 1}
