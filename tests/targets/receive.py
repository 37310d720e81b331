# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Waits for bytes over TCP that a thread of its own sends it after a while, and writes as JSON who sends and how long
each wait took, in s.

usage: receive.py TURNS TRUTH_FILE
"""

import json
import socket
import sys
import threading
import time

PAUSE_S = 0.03

turns, path = int(sys.argv[1]), sys.argv[2]


def send(sock):
    for _ in range(turns):
        time.sleep(PAUSE_S)
        sock.sendall(b"x")


listener = socket.create_server(("127.0.0.1", 0))
sender = socket.create_connection(listener.getsockname())
sock, peer = listener.accept()
threading.Thread(target=send, args=(sender,)).start()
waits = []
for _ in range(turns):
    begin = time.monotonic()
    sock.recv(1)
    waits.append(time.monotonic() - begin)
with open(path, "w") as file:
    json.dump({"peer": peer, "waits": waits}, file)
