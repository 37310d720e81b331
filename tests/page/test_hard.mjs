// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Pages of what is hard to show: hostile names, no frames to speak of, far too many of them.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { after, test } from "node:test";
import { AXE, closeBrowser, Opened } from "./browser.mjs";
import { large, OUTPUT, Recording, server } from "./recording.mjs";

const HOSTILE = [
  "</script><img src=x onerror=alert(1)>",
  "<!--<script>",
  "]]>&lt;b&gt;\"'`${alert(1)}",
  "javascript:alert(1)",
  "__proto__",
  "constructor",
  "line\u2028separator\u2029s",
  "\u202egnp.exe",
  "\udcff\ud800 lone",
  "nul\0 and \x1b[31m",
  "名前 😀",
  "",
  "x".repeat(100000),
];

after(closeBrowser);

test("hostile names are text", async () => {
  const recording = new Recording();
  const who = recording.thread(
    recording.process(1, "</title><b>", "</title><img src=x onerror=alert(1)>"),
    1,
    "<i>thread</i>",
  );
  const other = recording.thread(0, 2, "\u202e<b>");
  HOSTILE.forEach((name, at) =>
    recording.sample(
      at % 2 ? who : other,
      [
        ["/<b>/&amp;.py", 1, "<module>"],
        [`/srv/${name.slice(0, 2000)}`, 3, name],
      ],
      { weight: at + 1 },
    ),
  );
  const path = recording.write("hostile");
  const opened = await Opened.open(path);
  const { page } = opened;
  const seen = (await opened.level(2)).map(({ name }) => name);
  assert(seen.includes(HOSTILE[0]) && seen.includes("__proto__") && seen.includes("名前 😀"));
  assert(
    seen.includes("line\\u2028separator\\u2029s") &&
      seen.includes("\\u202egnp.exe") &&
      seen.includes("\\udcff\\ud800 lone"),
  );
  assert(seen.includes("nul\\x00 and \\x1b[31m"));
  assert.equal(seen.length, HOSTILE.length);
  assert.equal(await page.title(), "Flame graph: </title><img src=x onerror=alert(1)>");
  assert.equal(await page.locator("img, b, i").count(), 0);
  for (const name of [HOSTILE[0], "__proto__", "constructor"]) {
    assert((await opened.hover(2, name)).startsWith(name));
    await page.locator("#query").fill(name);
    assert.match(await opened.text("found"), /^[1-9].* of the samples/);
  }
  await page.locator("#query").fill("");
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
  const error = await page.evaluate(
    (text) => {
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      return (parsed.querySelector("parsererror")?.textContent ?? "") + parsed.querySelectorAll("img, script").length;
    },
    readFileSync(await file.path(), "utf8"),
  );
  assert.equal(error, "0");
  await page.locator("#roots").selectOption("thread");
  await page.getByLabel("Inverted").check();
  assert.equal(await page.locator("img, b, i").count(), 0);
  await opened.shoot("hostile");
  await opened.close();
});

test("source lines are text, and what is not there is said", async () => {
  mkdirSync(OUTPUT, { recursive: true });
  const source = resolve(OUTPUT, "source.py");
  writeFileSync(source, "import os\n\ndef f():\n\treturn '</script><img src=x onerror=alert(1)>'\n\nf()\n");
  const latin = resolve(OUTPUT, "latin.py");
  writeFileSync(latin, Buffer.from("x = '\xe9\0'\n", "latin1"));
  const recording = new Recording();
  const who = recording.thread(recording.process(1), 1);
  for (const frame of [
    [source, 4, "f"],
    [source, 999, "after_its_end"],
    [latin, 1, "latin"],
    ["/nowhere/at_all.py", 3, "missing"],
    [OUTPUT, 3, "directory"],
    ["/dev/zero", 3, "device"],
    ["<string>", 1, "no_file"],
  ])
    recording.sample(who, [frame]);
  const opened = await Opened.open(recording.write("sources"));
  const tip = await opened.hover(1, "f");
  assert.match(tip, /3 def f\(\):\n→ +4 +return '<\/script><img src=x onerror=alert\(1\)>'\n +5 *\n +6 f\(\)/);
  await opened.shoot("source");
  assert.match(await opened.hover(1, "after_its_end"), /Source line not available/);
  assert.match(await opened.hover(1, "latin"), /→ +1 x = '\\udce9\\x00'/);
  assert.match(await opened.hover(1, "missing"), /Source file not available: \/nowhere\/at_all.py/);
  assert.match(await opened.hover(1, "directory"), /Source file not available/);
  assert.match(await opened.hover(1, "device"), /Source file not available: \/dev\/zero/);
  assert.doesNotMatch(await opened.hover(1, "no_file"), /available/);
  await opened.close();
});

test("one frame, and none", async () => {
  const one = new Recording();
  one.sample(one.thread(one.process(1), 1), [["a.py", 1, "f"]]);
  const opened = await Opened.open(one.write("one"));
  assert.deepEqual(
    (await opened.level(1)).map(({ name, total }) => [name, total]),
    [["f", 1]],
  );
  await opened.page.getByLabel("Inverted").check();
  assert.equal((await opened.level(1))[0].name, "f");
  await opened.close();
  const none = await Opened.open(new Recording().write("none"));
  assert.equal((await none.pairs("#summary")).Samples, "0");
  await none.page.getByLabel("Inverted").check();
  await none.page.locator("#graph").press("Enter");
  await none.close();
});

test("5,000 frames deep", async () => {
  const deep = new Recording();
  const who = deep.thread(deep.process(1), 1);
  const stack = Array.from({ length: 5000 }, (_, n) => ["/srv/deep.py", (n % 7) + 1, `f${n % 50}`]);
  deep.sample(who, stack, { weight: 5 });
  deep.sample(who, stack.slice(0, 2500), { weight: 2 });
  const opened = await Opened.open(deep.write("deep"));
  const { page } = opened;
  const last = await page.evaluate(() => window.tachyon.state.tree.depth - 1);
  assert.equal(last, 5000);
  for (const view of ["Callers first", "Inverted"]) {
    await page.getByLabel(view).check();
    await page.locator("#scroller").evaluate((scroller) => (scroller.scrollTop = scroller.scrollHeight));
    const { total, y } = await opened.frameAt(5000, 0);
    assert.equal(total, 5);
    const { height } = await page.locator("#graph").boundingBox();
    assert(height < 800 && y < 800, `${height} ${y}`);
    await page.mouse.click(700, y);
    assert.match(await opened.text("status"), /: 5 samples/);
    await page.locator("#reset").click();
  }
  await opened.shoot("deep");
  await opened.close();
});

test("of 100,000 frames each can be reached", async () => {
  const recording = large(100000);
  const opened = await Opened.open(recording.write("large"));
  const { page } = opened;
  const summary = await opened.pairs("#summary");
  assert.equal(summary["Frames in the graph"], "100,000");
  assert.equal(Number(summary.Samples.replaceAll(",", "")), recording.total);
  // The boxes stand for all frames, none twice.
  const drawn = await page.evaluate(() => window.tachyon.graph.framesShown());
  assert.equal(drawn, 100001);
  await opened.shoot("large");
  // From box to box to the narrowest frame there is.
  const index = await page.evaluate(() => window.tachyon.state.tree.level(9).total.indexOf(1));
  let clicks = 0;
  let at = await opened.frameAt(9, index);
  for (; at.width < 1; clicks++) {
    assert(clicks < 8, "zooming gets nowhere");
    await page.mouse.click(at.x + at.width / 2, at.y);
    at = await opened.frameAt(9, index);
  }
  await page.mouse.move(at.x + at.width / 2, at.y);
  assert((await opened.text("tip")).startsWith(at.name));
  assert(clicks > 0);
  await page.locator("#query").fill("function_77_");
  assert.match(await opened.text("found"), /of the samples/);
  await page.getByLabel("Inverted").check();
  await page.getByLabel("State", { exact: true }).check();
  await opened.shoot("large-inverted");
  await opened.close();
});

for (const colorScheme of ["light", "dark"])
  test(`nothing for axe to complain about, ${colorScheme}`, async () => {
    const opened = await Opened.open(server().write("server"), { colorScheme, bypassCSP: true });
    const { page } = opened;
    await page.locator("#help-button").click();
    await page.locator("#query").fill("(");
    await page.locator("#regex").check();
    await page.locator("#graph").focus();
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
    await page.addScriptTag({ path: AXE });
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(
      violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]),
      [],
    );
    await opened.close();
  });
