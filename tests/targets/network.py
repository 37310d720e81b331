# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""One end of a conversation over TCP, which knows what it waited for. The server prints its port first, the client
"ready"; both begin when the file GO is there, and write the truth as JSON in the end, then they wait to be ended: a list
of [call, begin, end, time asleep, own address, peer's address or null], times in ns, of the clock that
time.monotonic_ns() reads. Time asleep is what is left without CPU time and waiting for a CPU.

PROC is a descriptor of /proc, which the lab has not.

usage: network.py PROC GO TRUTH_FILE [PORT]
"""

import asyncio
import json
import os
import socket
import sys
import time

TURNS = 5
PAUSE_S = 0.03
LARGE = 8 << 20  # more than both ends keep
HOST = "127.0.0.1"

truth = []
schedstat = os.open("thread-self/schedstat", os.O_RDONLY, dir_fd=int(sys.argv[1]))


def clocks():
    queued_ns = int(os.pread(schedstat, 100, 0).split()[1])
    return time.monotonic_ns(), time.thread_time_ns() + queued_ns


class Waiting:
    """with Waiting("recv", socket): ..."""

    def __init__(self, call, sock):
        self.call = call
        self.ends = sock.getsockname(), None if call == "accept" else sock.getpeername()

    def __enter__(self):
        self.begin = clocks()

    def __exit__(self, *_):
        end = clocks()
        wall, awake = (after - before for before, after in zip(self.begin, end))
        truth.append((self.call, self.begin[0], end[0], wall - awake, *self.ends))


def receive(sock, size, call="recv"):
    with Waiting(call, sock):
        while size:
            size -= len(sock.recv(size))


def serve(listener):
    with Waiting("accept", listener):
        sock, _ = listener.accept()
    for _ in range(2 * TURNS + 1):
        receive(sock, 1)
        time.sleep(PAUSE_S)
        sock.sendall(b"x")
    time.sleep(PAUSE_S)  # the other one cannot get rid of what it has to say
    receive(sock, LARGE)
    sock.close()


async def ask(sock):
    reader, writer = await asyncio.open_connection(sock=sock)
    writer.write(b"x")
    with Waiting("epoll", sock):
        await reader.readexactly(1)


def converse(port):
    time.sleep(PAUSE_S)
    sock = socket.create_connection((HOST, port))
    for turn in range(2 * TURNS):
        time.sleep(PAUSE_S)
        sock.settimeout(10 if turn % 2 else None)  # with a time-out Python polls
        sock.sendall(b"x")
        receive(sock, 1, "poll" if turn % 2 else "recv")
    copy = sock.dup()
    asyncio.run(ask(copy))
    sock.setblocking(True)
    with Waiting("send", sock):
        sock.sendall(bytes(LARGE))
    sock.close()


def main():
    go, path, *port = sys.argv[2:]
    listener = None if port else socket.create_server((HOST, 0))
    print("ready" if port else listener.getsockname()[1], flush=True)
    while not os.path.exists(go):
        time.sleep(0.01)
    if port:
        converse(int(port[0]))
    else:
        serve(listener)
    with open(path + ".new", "w") as file:
        json.dump(truth, file)
    os.rename(path + ".new", path)
    time.sleep(3600)


main()
