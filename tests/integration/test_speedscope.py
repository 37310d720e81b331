# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The speedscope format, of made-up samples. Its real reader is asked by tests/interop."""

import json

from made_up import ON_CPU, MadeUp

MS = 1_000_000
MAIN = ("/srv/main.py", 3, "<module>")
STEP = ("/srv/work.py", 17, "step")
GC = ("~", 0, "<GC>")


def write(recording, tmp_path):
    return json.loads(recording.write(tmp_path / "made_up.txt", "speedscope"))


def stretches(scope, profile):
    """[([frame, ...] root first, seconds)]"""
    frames = [(frame["name"], frame.get("file"), frame.get("line")) for frame in scope["shared"]["frames"]]
    assert len(profile["samples"]) == len(profile["weights"])
    return [
        ([frames[idx] for idx in stack], weight)
        for stack, weight in zip(profile["samples"], profile["weights"])
    ]


def test_stacks_in_the_order_of_time(tmp_path):
    recording = MadeUp(period_ns=250_000)
    process = recording.process(4711, "python3.14", "python3.14 main.py")
    recording.thread(process, 4711, "python3.14", main=True)
    recording.thread(process, 4712, "idle")
    recording.thread(process, 4713, "worker")
    for ms, stack, weight in (
        (1, [MAIN], 1),
        (2, [STEP, MAIN], 3),
        (3, [STEP, MAIN], 1),
        (4, [GC, MAIN], 1),
        (5, [MAIN], 2),
    ):
        recording.sample(ms * MS, 0, stack, ON_CPU, weight)
        recording.sample(ms * MS, 2, [MAIN], ON_CPU, weight)
    scope = write(recording, tmp_path)
    assert scope["name"] == "python3.14 main.py"
    main, worker = scope["profiles"]  # who had no samples is not there
    assert (main["name"], worker["name"]) == ("python3.14 4711: MainThread (4711)", "python3.14 4711: worker (4713)")
    root, step = ("<module>", "/srv/main.py", 3), ("step", "/srv/work.py", 17)
    assert stretches(scope, main) == [
        ([root], 0.00025),
        ([root, step], 0.001),
        ([root, ("<GC>", None, None)], 0.00025),
        ([root], 0.0005),
    ]
    assert stretches(scope, worker) == [([root], 0.002)]
    for profile in (main, worker):
        assert (profile["type"], profile["unit"], profile["startValue"]) == ("sampled", "seconds", 0)
        assert profile["endValue"] == 0.002


def test_nothing_recorded(tmp_path):
    assert write(MadeUp(), tmp_path)["profiles"] == []


def test_what_is_printed(tmp_path):
    recording = MadeUp()
    recording.sample(MS, recording.thread(recording.process(4711), 4711), [MAIN])
    said = recording.write(tmp_path / "made_up.txt", "speedscope", tmp_path).decode()
    assert said == (
        f"Speedscope profile written to {tmp_path}/speedscope_4711.json\n"
        "Open in speedscope: https://www.speedscope.app/\n"
    )
