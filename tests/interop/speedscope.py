# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What speedscope makes of a file: the published app in a browser is given it, and asked to export what it has."""

import base64
import json

from browser import Browser

# As the app reads a file that is dropped on it; what it exports is caught before it becomes a download.
PREPARE = """
    window.exported = null;
    const createObjectURL = URL.createObjectURL.bind(URL);
    URL.createObjectURL = blob => { blob.text().then(text => window.exported = text); return createObjectURL(blob) };
"""
# It exports when each frame begins and ends: made into rows of [stack, weight], with each stack once.
TAKE = """
    (text => {
        const exported = JSON.parse(text), ids = new Map(), stacks = [], profiles = [];
        for (const profile of exported.profiles) {
            const rows = [], stack = [];
            let last = 0;
            for (const event of profile.events) {
                if (event.at > last && stack.length) {
                    const key = stack.join();
                    if (!ids.has(key)) ids.set(key, stacks.push([...stack]) - 1);
                    rows.push([ids.get(key), event.at - last]);
                }
                last = event.at;
                if (event.type === "O") stack.push(event.frame);
                else if (stack.pop() !== event.frame) throw new Error("frames that are not nested");
            }
            if (stack.length) throw new Error("frames that do not end");
            profiles.push([profile.name, rows]);
        }
        return {frames: exported.shared.frames.map(frame => [frame.name, frame.file, frame.line]), stacks, profiles};
    })(window.exported)
"""
BUTTON = "[...document.querySelectorAll('div')].filter(div => div.textContent === '⤴️Export').pop()"


class Speedscope:
    """The app, opened once. path: of its index.html."""

    def __init__(self, path):
        self.page = path.as_uri()
        self.browser = Browser()

    def __enter__(self):
        self.browser.__enter__()
        return self

    def __exit__(self, *args):
        self.browser.__exit__(*args)

    def load(self, name, data):
        """What it has made of a file: {name of a profile: [([(name, file, line), ...] root first, weight), ...]} in the
        order of time; or what it complained about, as a string."""
        browser, browser.messages = self.browser, []
        browser.open("about:blank")
        browser.open(self.page + "#localProfilePath=none")
        browser.wait_for("document.readyState == 'complete' && window.speedscope")
        browser.evaluate(PREPARE)
        encoded = json.dumps(base64.b64encode(data).decode())
        browser.evaluate(f"speedscope.loadFileFromBase64({json.dumps(name)}, {encoded})")
        if not browser.wait_for(f"!!{BUTTON}"):
            return browser.messages[-1]
        browser.evaluate(f"{BUTTON}.click()")
        browser.wait_for("window.exported !== null")
        found = browser.evaluate(TAKE)
        frames = [tuple(frame) for frame in found["frames"]]
        stacks = [[frames[frame] for frame in stack] for stack in found["stacks"]]
        return {name: [(stacks[stack], weight) for stack, weight in rows] for name, rows in found["profiles"]}
