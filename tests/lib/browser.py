# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""A page in a real browser, Debian's Chromium without a window, which is told what to do by the DevTools protocol
over a pipe: JSON, each message ended by a NUL."""

import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",  # as root there is none to be had
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--allow-file-access-from-files",
    "--enable-unsafe-swiftshader",  # WebGL without a graphics card
    "--use-angle=swiftshader",
]
IN_BROWSER, OUT_BROWSER = 3, 4


def high(fd):
    """The same, with a number that is in nobody's way."""
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(fd)
    return copy


class Browser:
    """One page. messages: what it wrote to its console, and its uncaught errors."""

    def __init__(self, timeout=60):
        self.timeout, self.number, self.buffer, self.session = timeout, 0, b"", None
        self.messages = []
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="tachyon-browser-"))
        (to_read, self.to), (self.out, to_write) = map(lambda pair: tuple(map(high, pair)), (os.pipe(), os.pipe()))

        def place_pipes():
            os.dup2(to_read, IN_BROWSER)
            os.dup2(to_write, OUT_BROWSER)

        self.process = subprocess.Popen(
            [CHROMIUM, *OPTIONS, f"--user-data-dir={self.home}"],
            preexec_fn=place_pipes,
            pass_fds=(IN_BROWSER, OUT_BROWSER),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=os.environ | {"HOME": str(self.home)},
        )
        os.close(to_read)
        os.close(to_write)

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        os.close(self.to)  # it ends by itself then
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=10)
        os.close(self.out)
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self, deadline):
        parts = []
        while b"\0" not in self.buffer:
            parts.append(self.buffer)
            ready, _, _ = select.select([self.out], [], [], max(0, deadline - time.monotonic()))
            self.buffer = os.read(self.out, 1 << 20) if ready else b""
            assert self.buffer, "no answer from the browser"
        end, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(b"".join([*parts, end]))

    def send(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data) :]
        return self.number

    def call(self, method, **params):
        number, deadline = self.send(method, **params), time.monotonic() + self.timeout
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            if "method" in answer:
                self.note(answer)

    def note(self, event):
        if event["method"] == "Runtime.consoleAPICalled":
            self.messages.append(" ".join(str(arg.get("value")) for arg in event["params"]["args"]))
        elif event["method"] == "Runtime.exceptionThrown":
            details = event["params"]["exceptionDetails"]
            self.messages.append("error: " + details.get("exception", details).get("description", details["text"]))
        elif event["method"] == "Page.javascriptDialogOpening":
            self.messages.append("alert: " + event["params"]["message"])
            self.send("Page.handleJavaScriptDialog", accept=True)  # the page stands still until then

    def open(self, url):
        self.call("Page.navigate", url=str(url))

    def evaluate(self, expression):
        """What it comes to; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression):
        """Until it is true; its value. None if the page shows a message box, as if something is wrong."""
        deadline = time.monotonic() + self.timeout
        while time.monotonic() < deadline:
            value = self.evaluate(expression)
            if value:
                return value
            if any(message.startswith("alert: ") for message in self.messages):
                return None
            time.sleep(0.05)
        raise AssertionError(f"still not: {expression}; {self.messages}")
