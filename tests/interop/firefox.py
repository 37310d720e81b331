# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the Firefox Profiler makes of a file: Mozilla's own loader and queries, the npm package
@firefox-devtools/profiler-cli. It has a server for each file, and a client that asks one question."""

import json
import os
import subprocess

from processes import wait_until

SESSION = "session"


class Firefox:
    """A file, loaded. cli: path of profiler-cli.js; directory: for what the server leaves."""

    def __init__(self, cli, directory, path):
        self.cli = cli
        self.log = directory / f"{SESSION}.log"
        self.environment = os.environ | {
            "PROFILER_CLI_SESSION_DIR": str(directory),
            "PROFILER_CLI_NO_SYMBOLICATE": "1",
        }
        # Its own way to start the server gives it half a second, which may be too short.
        self.server = subprocess.Popen(
            ["node", cli, "--daemon", path, "--session", SESSION],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )

    def __enter__(self):
        try:
            wait_until(self.has_loaded, 60, "the loading of the profile")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.server.kill()
        self.server.wait(timeout=10)

    def has_loaded(self):
        said = self.log.read_text() if self.log.exists() else ""
        assert self.server.poll() is None and "Failed to load" not in said, said
        return "Profile loaded" in said

    def ask(self, *words):
        """The answer, as its --json has it."""
        done = subprocess.run(
            ["node", self.cli, *map(str, words), "--json", "--session", SESSION],
            capture_output=True,
            env=self.environment,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def threads(self):
        """{(pid, tid): what it says of that thread}"""
        info = self.ask("profile", "info", "--all")
        return {
            (str(process["pid"]), thread["tid"]): thread
            for process in info["processes"]
            for thread in process["threads"]
        }

    def functions(self, thread):
        """[(function, samples as leaf, samples in which it was on the stack)]"""
        answer = self.ask("thread", "functions", "--include-idle", "--thread", thread["threadHandle"])
        return [(each["name"], each["selfSamples"], each["totalSamples"]) for each in answer["functions"]]

    def total(self, thread):
        """Samples of a thread."""
        answer = self.ask("thread", "samples-top-down", "--include-idle", "--thread", thread["threadHandle"])
        return answer["regularCallTree"]["totalSamples"]

    def markers(self, thread):
        """{name: [(begin, end), ...]} in ms from the start of the recording"""
        answer = self.ask("thread", "markers", "--list", "--limit", 0, "--thread", thread["threadHandle"])
        found = {}
        for marker in answer["flatMarkers"]:
            begin = marker["start"]
            found.setdefault(marker["name"], []).append((begin, begin + (marker["duration"] or 0)))
        return found
