// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The page of a differential flame graph: what it says of two recordings, and its own controls.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { AXE, closeBrowser, Opened } from "./browser.mjs";
import { Recording } from "./recording.mjs";

after(closeBrowser);

const main = ["/srv/app.py", 1, "<module>"];
const at = (line, name, file = "/srv/app.py") => [file, line, name];

/** 1,000 samples of 1 ms in 2 s. */
function before() {
  const recording = new Recording({ pid: 11, duration: 2 });
  const process = recording.process(11);
  const [first, worker] = [recording.thread(process, 11, "", true), recording.thread(process, 12, "worker-1")];
  recording.sample(first, [main, at(10, "parse")], { weight: 400 });
  recording.sample(first, [main, at(20, "render")], { weight: 200 });
  recording.sample(first, [main, at(30, "old"), at(40, "cache")], { weight: 100 });
  recording.sample(first, [main, at(30, "old")], { weight: 50 });
  recording.sample(first, [main, at(60, "same")], { weight: 50 });
  recording.sample(worker, [main, at(50, "work")], { weight: 200 });
  return recording;
}

/** 2,000 samples of 1 ms in 8 s: parse is quicker, and has moved; render is slower, in two lines. */
function now({ period = 1000000 } = {}) {
  const recording = new Recording({ pid: 22, duration: 8, period });
  const process = recording.process(22);
  const [first, worker] = [recording.thread(process, 22, "", true), recording.thread(process, 23, "worker-1")];
  recording.sample(first, [main, at(11, "parse")], { weight: 400 });
  recording.sample(first, [main, at(20, "render")], { weight: 450 });
  recording.sample(first, [main, at(21, "render")], { weight: 150 });
  recording.sample(first, [main, at(70, "</script><img src=x onerror=alert(1)>")], { weight: 500 });
  recording.sample(first, [main, at(60, "same")], { weight: 100 });
  recording.sample(worker, [main, at(50, "work")], { weight: 400 });
  return recording;
}

const PAGE = now().writeDifference("diff", before());

function testPage(name, run, { page = PAGE, ...options } = {}) {
  test(name, async () => {
    const opened = await Opened.open(page, options);
    await run(opened, opened.page);
    await opened.close();
  });
}

/** What the page says of a node: {self: [now, before], total: [now, before]}, all nodes of that name together. */
function compared(opened, depth, name) {
  return opened.page.evaluate(
    ([depth, name]) => {
      const { state } = window.tachyon;
      const { loc, size } = state.tree.level(depth);
      const sum = { self: [0, 0], total: [0, 0] };
      for (let index = 0; index < size; index++) {
        if (state.names.func(loc[index]) !== name) continue;
        for (const what of ["self", "total"]) {
          const { now, before } = state.difference[what](depth, index);
          sum[what][0] += now;
          sum[what][1] += before;
        }
      }
      return sum;
    },
    [depth, name],
  );
}

/** What all frames of the graph ended in, in the baseline. */
function sumOfSelf(opened) {
  return opened.page.evaluate(() => {
    const { state } = window.tachyon;
    let sum = 0;
    for (let depth = 0; depth < state.tree.depth; depth++)
      for (let at = 0; at < state.tree.level(depth).size; at++) sum += state.difference.self(depth, at).before;
    return sum;
  });
}

testPage("the sums are those of both recordings", async (opened, page) => {
  assert.equal(await page.title(), "Differential flame graph: python3 app.py");
  assert.equal((await opened.pairs("#summary")).Samples, "2,000");
  const baseline = await opened.pairs("#baseline");
  assert.equal(baseline.Samples, "1,000");
  assert.equal(baseline.Time, "1 s");
  assert.equal(baseline.Duration, "2 s");
  assert.equal(baseline["A sample counts as"], "2");
  assert.equal(baseline["Stacks that are new"], "1");
  assert.equal(baseline["Stacks that are elided"], "2");
  assert.equal((await opened.level(0))[0].total, 2000);
  await page.getByLabel("Samples", { exact: true }).check();
  assert.equal((await opened.pairs("#baseline"))["A sample counts as"], "1");
  assert.match(await opened.text("status"), /^all: 2,000 samples, .*; \+1,000 samples \(\+100.0%\)$/);
  const both = await sumOfSelf(opened);
  await page.getByLabel("Elided").check();
  assert.equal((await opened.level(0))[0].total, 150);
  assert.equal(both + 150, 1000);
});

testPage("each frame is compared with its function's, wherever the line is now", async (opened) => {
  assert.deepEqual(await compared(opened, 2, "parse"), { self: [400, 800], total: [400, 800] });
  // Two lines share what there was in one.
  assert.deepEqual(await compared(opened, 2, "render"), { self: [600, 400], total: [600, 400] });
  const parts = await opened.page.evaluate(() => {
    const { state } = window.tachyon;
    const { loc, size } = state.tree.level(2);
    const isRender = (at) => state.names.func(loc[at]) === "render";
    return Array.from({ length: size }, (_, at) => at)
      .filter(isRender)
      .map((at) => state.difference.self(2, at).before);
  });
  assert.deepEqual(parts, [300, 100]);
  assert.deepEqual(await compared(opened, 1, "<module>"), { self: [0, 0], total: [2000, 2000] });
});

testPage("colours, legend, tooltip", async (opened, page) => {
  const legend = await page.locator("#legend li").allInnerTexts();
  assert.equal(legend.length, 10);
  assert(legend.includes("new") && legend.includes("± 15 %"));
  const rgb = (hex) => [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16)).join();
  assert.equal(await opened.color(2, "parse"), rgb("#64b5f6")); // −50 %
  assert.equal(await opened.color(2, "same"), rgb("#bdbdbd"));
  assert.equal(await opened.color(2, "render"), rgb("#ef9a9a")); // +50 %
  assert.equal(await opened.color(2, "</script><img src=x onerror=alert(1)>"), rgb("#9575cd"));
  const tip = await opened.hover(2, "parse");
  assert.match(tip, /self now\s+400 ms \(400\)/);
  assert.match(tip, /self in the baseline\s+800 ms \(800\)/);
  assert.match(tip, /self, difference\s+−400 samples \(−50.0%\)/);
  await opened.click(2, "parse");
  assert.match(await opened.text("status"), /^parse .*: 400 samples, .*; −400 samples \(−50.0%\)$/);
  await page.getByLabel("Share", { exact: true }).check();
  assert.equal(await page.locator("#legend li").count(), 8);
  await page.getByLabel("With callees").check();
  assert.equal(await page.locator("#legend li").count(), 10);
  await page.locator("#reset").click();
  await opened.shoot("diff-light");
});

testPage("sums, durations or samples are made equal", async (opened, page) => {
  const parse = async () => (await compared(opened, 2, "parse")).self[1];
  await page.getByLabel("Durations", { exact: true }).check();
  assert.equal(await parse(), 1600); // four times as long
  assert.equal((await opened.pairs("#baseline"))["A sample counts as"], "4");
  await page.getByLabel("Samples", { exact: true }).check();
  assert.equal(await parse(), 400);
  const other = await Opened.open(PAGE, { hash: new URL(page.url()).hash });
  assert(await other.page.getByLabel("Samples", { exact: true }).isChecked());
  await other.close();
  await page.getByLabel("Sums", { exact: true }).check();
  assert.equal(await parse(), 800);
  assert.equal(new URL(page.url()).hash, "");
});

testPage(
  "a sample of another period counts for its time",
  async (opened, page) => {
    await page.getByLabel("Samples", { exact: true }).check();
    assert.deepEqual((await compared(opened, 2, "parse")).self, [400, 200]); // 400 ms in samples of 2 ms
    await page.getByLabel("Durations", { exact: true }).check();
    assert.deepEqual((await compared(opened, 2, "parse")).self, [400, 800]);
  },
  { page: now({ period: 2000000 }).writeDifference("diff-period", before()) },
);

testPage("what is new, what is elided", async (opened, page) => {
  await page.getByLabel("New", { exact: true }).check();
  assert.equal((await opened.pairs("#summary")).Samples, "500");
  assert.deepEqual(
    (await opened.level(2)).map(({ name }) => name),
    ["</script><img src=x onerror=alert(1)>"],
  );
  await page.getByLabel("Elided").check();
  assert.deepEqual(
    (await opened.level(2)).map(({ name, total, self }) => [name, total, self]),
    [["old", 150, 50]],
  );
  assert.match(await opened.hover(3, "cache"), /self, difference\s+−100 samples \(−100.0%\)/);
  assert.match(await page.locator("#thread").innerText(), /worker-1 \(12\)/); // threads of the baseline
  await opened.shoot("diff-elided");
  await page.getByLabel("Inverted").check();
  assert.deepEqual(
    (await opened.level(1)).map(({ name, total }) => [name, total]),
    [
      ["cache", 100],
      ["old", 50],
    ],
  );
  await page.getByLabel("Differential").check();
  assert.match(await page.locator("#thread").innerText(), /worker-1 \(23\)/);
});

testPage("inverted, threads, roots", async (opened, page) => {
  await page.getByLabel("Inverted").check();
  assert.deepEqual((await compared(opened, 1, "parse")).total, [400, 800]);
  assert.deepEqual((await compared(opened, 2, "<module>")).total, [2000, 1700]); // of stacks that are still there
  await page.getByLabel("Callers first").check();
  await page.locator("#thread").selectOption({ label: "worker-1 (23)" });
  assert.deepEqual((await compared(opened, 2, "work")).self, [400, 400]); // by the thread's name
  assert.deepEqual((await compared(opened, 1, "<module>")).total, [400, 400]);
  const figures = await opened.pairs("#baseline");
  const absent = ["new", "elided"].map((what) => figures[`Stacks that are ${what}`]);
  assert.deepEqual([figures.Samples, ...absent], ["200", "0", "0"]);
  await page.locator("#thread").selectOption("all");
  await page.locator("#roots").selectOption("thread");
  assert.deepEqual((await compared(opened, 4, "parse")).self, [400, 800]);
});

testPage("largest changes", async (opened, page) => {
  const texts = await page.locator("#changes li").allInnerTexts();
  assert.match(texts[0], /<\/script><img[^]*\+500 samples self \(new\)/);
  assert.match(texts[1], /parse[^]*[−-]400 samples self \([−-]50.0%\)/);
  assert(texts.some((text) => /cache[^]*[−-]200 samples self \([−-]100.0%\)/.test(text)));
  assert(!texts.some((text) => text.includes("same")));
  await page.locator("#changes button", { hasText: "render" }).click();
  assert.equal(await opened.text("found"), "30.0% of the samples");
});

testPage(
  "accessible in the dark, too; and the SVG file is named for what it is",
  async (opened, page) => {
    await page.addScriptTag({ content: readFileSync(AXE, "utf8") });
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(
      violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
      [],
    );
    await opened.shoot("diff-dark");
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
    assert.equal(file.suggestedFilename(), "diff_flamegraph_22.svg");
  },
  { colorScheme: "dark", bypassCSP: true },
);

test("without samples on one side", async () => {
  const empty = () => {
    const recording = new Recording({ duration: 1 });
    recording.thread(recording.process(1), 1);
    return recording;
  };
  const none = await Opened.open(now().writeDifference("diff-no-baseline", empty()));
  assert.equal((await none.pairs("#baseline"))["Stacks that are new"], "5"); // render is one, of two lines
  assert.deepEqual((await compared(none, 2, "parse")).self, [400, 0]);
  assert(await none.page.getByLabel("Durations").isEnabled());
  await none.close();
  const gone = await Opened.open(empty().writeDifference("diff-no-samples", before()));
  await gone.page.getByLabel("Elided").check();
  assert.equal((await gone.level(0))[0].total, 1000);
  await gone.close();
});

test("durations that are not known cannot be made equal", async () => {
  const recording = new Recording();
  recording.sample(recording.thread(recording.process(1), 1), [main]);
  const opened = await Opened.open(now().writeDifference("diff-unknown", recording), { hash: "#scale=duration" });
  assert(await opened.page.getByLabel("Durations").isDisabled());
  assert.equal((await opened.pairs("#baseline"))["A sample counts as"], "1");
  await opened.close();
});

test("of a recording and itself nothing is different", async () => {
  const opened = await Opened.open(now().writeDifference("diff-same", now()));
  assert.equal(await opened.page.locator("#changes li").count(), 0);
  assert.equal(await sumOfSelf(opened), 2000);
  assert.deepEqual((await compared(opened, 2, "render")).self, [600, 600]);
  await opened.page.getByLabel("Elided").check();
  assert.equal((await opened.level(0))[0].total, 0);
  await opened.close();
});
