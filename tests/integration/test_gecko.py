# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The gecko format, of made-up samples: is what stands in it what was put in? Its real reader is asked by
tests/interop."""

import json
from socket import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM

import pytest

from made_up import EXCEPTION, GIL_REQUESTED, HAS_GIL, ON_CPU, MadeUp

MS = 1_000_000
MAIN = ("/srv/main.py", 3, "<module>")
STEP = ("/srv/work.py", 17, "step")
GC = ("~", 0, "<GC>")


class Gecko:
    """A file of the format, with its indices resolved."""

    def __init__(self, data):
        self.json = json.loads(data)
        self.meta, self.shared, self.threads = (self.json[key] for key in ("meta", "shared", "threads"))
        for table in self.tables():
            for name, column in table.items():
                if isinstance(column, list):
                    assert len(column) == table["length"], name

    def tables(self):
        yield from (table for table in self.shared.values() if isinstance(table, dict))
        for thread in self.threads:
            yield from (thread["samples"], thread["markers"])

    def string(self, idx):
        return self.shared["stringArray"][idx]

    def frame(self, idx):
        """(file, line, function, category)"""
        frames, funcs, sources = (self.shared[f"{name}"] for name in ("frameTable", "funcTable", "sources"))
        func = frames["func"][idx]
        file = self.string(sources["filename"][funcs["source"][func]]) if funcs["flags"][func] & 8 else "~"
        category = self.meta["categories"][frames["category"][idx]]["name"]
        assert bool(frames["flags"][idx] & 16) == (frames["line"][idx] > 0)
        return file, frames["line"][idx], self.string(funcs["name"][func]), category

    def stack(self, idx):
        """Frames, leaf first."""
        table, frames = self.shared["stackTable"], []
        while True:
            frames.append(self.frame(table["frame"][idx]))
            if not table["prefixOffset"][idx]:
                return frames
            idx -= table["prefixOffset"][idx]

    def samples(self, thread=0):
        """[(ms, stack, weight, CPU time in us)]"""
        table = self.threads[thread]["samples"]
        assert table["time"] == sorted(table["time"])
        columns = (table[name] for name in ("time", "stack", "weight", "threadCPUDelta"))
        return [(ms, self.stack(stack), weight, cpu) for ms, stack, weight, cpu in zip(*columns)]

    def markers(self, thread=0):
        """{name: [(begin, end), ...]} in ms"""
        found = {}
        table = self.threads[thread]["markers"]
        for name, begin, end, phase, data in zip(
            *(table[key] for key in ("name", "startTime", "endTime", "phase", "data"))
        ):
            assert phase == 1 and begin <= end
            assert data["type"] == self.string(name).replace(" ", "")
            assert data["type"] in [schema["name"] for schema in self.meta["markerSchema"]]
            assert data["duration"] == pytest.approx(end - begin)
            found.setdefault(self.string(name), []).append((begin, end))
        return found


@pytest.fixture
def recording():
    made_up = MadeUp()
    made_up.thread(made_up.process(4711), 4711, "python3", main=True)
    return made_up


def write(recording, tmp_path):
    return Gecko(recording.write(tmp_path / "made_up.txt", "gecko"))


def test_samples_have_their_times_stacks_and_weights(recording, tmp_path):
    recording.sample(1 * MS, 0, [STEP, MAIN], ON_CPU)
    recording.sample(2 * MS + 345_678, 0, [MAIN], ON_CPU)
    recording.sample(3 * MS, 0, [GC, STEP, MAIN], ON_CPU)
    gecko = write(recording, tmp_path)
    assert [(ms, stack, weight) for ms, stack, weight, _ in gecko.samples()] == [
        (1, [(*STEP, "Python"), (*MAIN, "Python")], 1),
        (2.345, [(*MAIN, "Python")], 1),
        (3, [(*GC, "GC"), (*STEP, "Python"), (*MAIN, "Python")], 1),
    ]
    assert gecko.meta["interval"] == 1
    assert gecko.meta["startTime"] == 1_700_000_000_123.456
    assert gecko.meta["startTimeAsClockMonotonicNanosecondsSinceBoot"] == recording.START_NS


def test_a_long_block_is_its_first_and_its_last_sample(recording, tmp_path):
    recording.sample(1 * MS, 0, [MAIN], ON_CPU)
    recording.sample(601 * MS, 0, [STEP, MAIN], 0, 600)
    recording.sample(602 * MS, 0, [MAIN], ON_CPU)
    samples = write(recording, tmp_path).samples()
    assert [(ms, len(stack), weight) for ms, stack, weight, _ in samples] == [
        (1, 1, 1),
        (2, 2, 1),
        (601, 2, 599),
        (602, 1, 1),
    ]
    assert [cpu for *_, cpu in samples][1:] == [1000, 0, 1000]  # the first one counts for nobody


def test_cpu_time_is_never_more_than_has_passed_and_true_in_sum(recording, tmp_path):
    times = [(0.5, 1), (1.0, 2), (4.9, 1), (5.0, 1), (7.0, 1), (9.0, 3), (11.5, 1)]
    for ms, weight in times:
        recording.sample(int(ms * MS), 0, [MAIN], ON_CPU, weight)
    samples = write(recording, tmp_path).samples()
    for before, after in zip(samples, samples[1:]):
        assert after[3] <= round(1000 * (after[0] - before[0]))
    assert sum(cpu for *_, cpu in samples) == 1000 * sum(weight for _, weight in times)
    assert sum(weight for _, _, weight, _ in samples) == sum(weight for _, weight in times)


def test_states_are_intervals(recording, tmp_path):
    for ms in range(1, 11):  # computes
        recording.sample(ms * MS, 0, [MAIN], ON_CPU | HAS_GIL)
    recording.sample(40 * MS, 0, [STEP, MAIN], EXCEPTION, 30)  # sleeps in a handler
    recording.sample(45 * MS, 0, [MAIN], GIL_REQUESTED, 5)
    for ms in range(46, 51):  # computes in C
        recording.sample(ms * MS, 0, [MAIN], ON_CPU)
    for ms in range(51, 53):
        recording.sample(ms * MS, 0, [GC, MAIN], ON_CPU | HAS_GIL)
    assert write(recording, tmp_path).markers() == {
        "Has GIL": [(0, 10), (50, 52)],
        "No GIL": [(10, 50)],
        "On CPU": [(0, 10), (45, 52)],
        "Off CPU": [(10, 45)],
        "Python Code": [(0, 10), (50, 52)],
        "Native Code": [(45, 50)],
        "Waiting for GIL": [(40, 45)],
        "Has Exception": [(10, 40)],
        "No Exception": [(0, 10), (40, 52)],
        "GC Collecting": [(50, 52)],
    }


def test_nothing_is_said_of_time_without_samples(recording, tmp_path):
    """As mode cpu leaves it, of which a file may be converted."""
    for ms in (1, 2, 3, 103, 104):
        recording.sample(ms * MS, 0, [MAIN], ON_CPU)
    assert write(recording, tmp_path).markers()["On CPU"] == [(0, 3), (102, 104)]


def test_threads_and_processes_have_their_names(tmp_path):
    made_up = MadeUp()
    first, second = made_up.process(100, "python3.14", "python3.14 a.py"), made_up.process(7, "gunicorn")
    threads = [
        (first, 100, "python3.14", True, 0),
        (first, 101, "worker", False, 0),
        (first, 102, "python3.14", False, 0),
        (first, 101, "worker", False, 2),
        (second, 7, "gunicorn", True, 0),
        (second, 100, "", False, 0),
    ]
    for thread in threads:
        made_up.sample(1 * MS, made_up.thread(*thread), [MAIN])
    gecko = write(made_up, tmp_path)
    keys = ("processName", "pid", "tid", "name", "isMainThread")
    assert [tuple(thread[key] for key in keys) for thread in gecko.threads] == [
        ("python3.14", "100", 100, "MainThread", True),
        ("python3.14", "100", 101, "worker", False),
        ("python3.14", "100", 102, "Thread-102", False),
        ("python3.14", "100", 101, "worker (interpreter 2)", False),
        ("gunicorn", "7", 7, "MainThread", True),
        ("gunicorn", "7", 100, "Thread-100", False),
    ]
    assert gecko.meta["arguments"] == "python3.14 a.py"


CONNECT, ACCEPT, RECV, SEND, POLL, EPOLL = range(1, 7)  # enum tach_call_kind
NOBODY = ("-", 0)


@pytest.mark.parametrize(
    "kind, family, type_, local, peer, name",
    [
        (RECV, AF_INET, SOCK_STREAM, ("127.0.0.1", 40000), ("10.1.2.3", 5432), "recv tcp://10.1.2.3:5432"),
        (SEND, AF_INET6, SOCK_STREAM, ("::1", 40000), ("fe80::2", 443), "send tcp://[fe80::2]:443"),
        (POLL, AF_INET, SOCK_DGRAM, ("0.0.0.0", 53), ("0.0.0.0", 0), "poll udp://0.0.0.0:53"),
        (ACCEPT, AF_INET6, SOCK_STREAM, ("::", 80), ("::", 0), "accept tcp://[::]:80"),
        (CONNECT, AF_INET, SOCK_STREAM, ("127.0.0.1", 0), ("127.0.0.1", 8080), "connect tcp://127.0.0.1:8080"),
        (RECV, AF_UNIX, SOCK_STREAM, NOBODY, NOBODY, "recv unix:"),
        (RECV, AF_NETLINK, SOCK_RAW, NOBODY, NOBODY, "recv socket:"),
        (EPOLL, 0, 0, NOBODY, NOBODY, "epoll epoll:"),
    ],
)
def test_waits_for_sockets(recording, tmp_path, kind, family, type_, local, peer, name):
    recording.sample(1 * MS, 0, [MAIN], ON_CPU)
    recording.wait(2_500_000, 9 * MS, 0, kind, 7, family, type_, local, peer)
    gecko = write(recording, tmp_path)
    table = gecko.threads[0]["markers"]
    rows = list(zip(*(table[key] for key in ("name", "startTime", "endTime", "phase", "category", "data"))))[-2:]
    # As the profiler's own browser says it: one that begins, one that ends, and from one to the other it waits.
    for (idx, begin, end, phase, category, data), status, ends in zip(rows, ("START", "STOP"), (2.5, 9)):
        assert (gecko.string(idx), begin, end, phase) == (name, 2.5, ends, 1)
        assert gecko.meta["categories"][category]["name"] == "Network"
        assert (data["type"], data["status"], data["id"]) == ("Network", f"STATUS_{status}", 0)
        assert (data["startTime"], data["endTime"]) == (begin, end)
        assert data["URI"] == name.split()[1] and data["call"] == name.split()[0] and data["fd"] == 7
        for key, (address, port) in (("local", local), ("peer", peer)):
            brackets = "[{}]:{}" if family == AF_INET6 else "{}:{}"
            assert data.get(key) == (brackets.format(address, port) if port else None)


@pytest.mark.parametrize(
    "path, url",
    [
        ("/run/postgresql/.s.PGSQL.5432", "unix:/run/postgresql/.s.PGSQL.5432"),
        ("@abstract", "unix:@abstract"),
        ("/tmp/größe%1", "unix:/tmp/gr%C3%B6%C3%9Fe%251"),
        ("/" + 107 * "x", "unix:/" + 107 * "x"),
        ("@" + 53 * "ö", "unix:@" + 53 * "%C3%B6"),
    ],
)
def test_names_of_unix_sockets(recording, tmp_path, path, url):
    recording.sample(1 * MS, 0, [MAIN], ON_CPU)
    recording.wait(2 * MS, 9 * MS, 0, ACCEPT, 7, AF_UNIX, SOCK_STREAM, NOBODY, NOBODY, path)
    gecko = write(recording, tmp_path)
    table = gecko.threads[0]["markers"]
    assert gecko.string(table["name"][-1]) == f"accept {url}"
    assert table["data"][-1]["URI"] == url and not {"local", "peer"} & table["data"][-1].keys()


ODD = ['say "x"', "back\\slash", "new\nline", "\x00\x1b[31m\x7f", "größe", "数える", "𝕌", "\udcff\ud800", "a;b c", ""]


def test_odd_names_arrive(recording, tmp_path):
    for number, name in enumerate(ODD):
        recording.sample((number + 1) * MS, 0, [(f"/x/{name}.py", number + 1, name), MAIN], ON_CPU)
    samples = write(recording, tmp_path).samples()
    assert [stack[0][:3] for _, stack, *_ in samples] == [
        (f"/x/{name}.py", number + 1, name) for number, name in enumerate(ODD)
    ]


def test_nothing_recorded(tmp_path):
    gecko = write(MadeUp(), tmp_path)
    assert gecko.threads == []


def test_what_is_printed(recording, tmp_path):
    recording.sample(1 * MS, 0, [MAIN], ON_CPU)
    said = recording.write(tmp_path / "made_up.txt", "gecko", tmp_path / "out.json").decode()
    assert said == (
        f"Gecko profile written to {tmp_path}/out.json\n"
        "Open in Firefox Profiler: https://profiler.firefox.com/\n"
    )
    assert (tmp_path / "out.json").read_bytes() == recording.write(tmp_path / "made_up.txt", "gecko")
    recording.write(tmp_path / "made_up.txt", "gecko", tmp_path)
    assert (tmp_path / "gecko_4711.json").exists()
