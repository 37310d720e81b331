// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The page of a flame graph: each of its controls is used, and must change what it should.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { closeBrowser, Opened } from "./browser.mjs";
import { server } from "./recording.mjs";

const PAGE = server().write("server");
const TOTAL = 1800;
const WORKER = 550;

after(closeBrowser);

/** A test with a page that is open. */
function testPage(name, run, options) {
  test(name, async () => {
    const opened = await Opened.open(PAGE, options);
    await run(opened, opened.page);
    await opened.close();
  });
}

testPage("what it adds up to is what was recorded", async (opened) => {
  const summary = await opened.pairs("#summary");
  assert.equal(summary.Samples, "1,800");
  assert.equal(summary.Time, "1.8 s");
  assert.equal(summary["Sampling period"], "1 ms");
  assert.equal(summary.Mode, "wall");
  assert.equal(summary.Threads, "3");
  assert.equal(summary.Functions, "11");
  const runtime = await opened.pairs("#runtime");
  // 2 workers: 120 + 60 + 25 + 10 hold the GIL, 45 wait for it, 90 run without it.
  assert.equal(runtime["GIL held"], "23.9%");
  assert.equal(runtime["Waiting for the GIL"], "5.0%");
  assert.equal(runtime["GIL released"], "71.1%");
  assert.equal(runtime["On a CPU"], "33.9%");
  assert.equal(runtime["Garbage collection"], "2.8%");
  assert.equal(runtime.Exception, "1.1%");
  assert.deepEqual(
    (await opened.level(3)).map(({ name, total, self }) => [name, total, self]),
    [
      ["process_request_thread", 2 * WORKER, 0],
      ["select", 700, 700],
    ],
  );
  const sums = await Promise.all([0, 1, 2].map((depth) => opened.level(depth)));
  for (const level of sums)
    assert.equal(
      level.reduce((sum, each) => sum + each.total, 0),
      TOTAL,
    );
  await opened.shoot("light");
});

testPage("a click zooms, the path leads back, the button shows everything", async (opened, page) => {
  await opened.click(4, "checkout");
  assert.match(await opened.text("status"), /^checkout .*: 210 samples|^checkout/);
  const path = await page.locator("#path button").allInnerTexts();
  assert.deepEqual(path, ["all", "<module>", "serve", "process_request_thread", "checkout"]);
  const wide = await opened.frame(4, "checkout");
  const all = await page.locator("#graph").boundingBox();
  assert.equal(Math.round(wide.width), Math.round(all.width));
  assert.match(await opened.hover(5, "Tax.total"), /of what is zoomed/);
  await page.locator("#path button", { hasText: "serve" }).click();
  assert.match(await opened.text("status"), /^serve/);
  await opened.click(4, "listing");
  await page.getByRole("button", { name: "Reset zoom" }).click();
  assert.match(await opened.text("status"), /^all: 1,800 samples, 1.8 s, 100.0%/);
});

testPage("it can be used by keys", async (opened, page) => {
  await page.locator("#graph").focus();
  for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
  assert.match(await opened.text("status"), /^select /);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  assert.match(await opened.text("status"), /^process_request_thread .*: 1,100 samples/);
  await page.keyboard.press("ArrowRight"); // select is not in what is zoomed
  assert.match(await opened.text("status"), /^process_request_thread/);
  await page.keyboard.press("Backspace");
  assert.match(await opened.text("status"), /^serve/);
  await page.keyboard.press("ArrowUp");
  assert.match(await opened.text("status"), /^<module>/);
  await page.keyboard.press("Escape");
  assert.match(await opened.text("status"), /^all/);
  await page.keyboard.press("i");
  assert.equal((await opened.level(1))[0].name, "select");
  await page.keyboard.press("m");
  assert.equal((await opened.level(1))[0].full, "select (selectors:415)");
  await page.keyboard.press("?");
  assert(await page.locator("#help").isVisible());
  await page.keyboard.press("s");
  assert(await page.locator("#sidebar").isHidden());
  await page.keyboard.press("/");
  await page.keyboard.type("render"); // and what it says are not commands
  assert.equal(await opened.text("found"), "13.3% of the samples");
  await page.keyboard.press("Enter");
  assert.match(await opened.text("status"), /^render/);
});

testPage("search: names, places, regular expressions", async (opened, page) => {
  const found = async (query, regex = false) => {
    await page.locator("#regex").setChecked(regex);
    await page.locator("#query").fill(query);
    return opened.text("found");
  };
  const before = await opened.color(3, "select");
  assert.equal(await found("SELECT"), "38.9% of the samples");
  const highlighted = await opened.color(3, "select");
  assert.notEqual(highlighted, before);
  assert.notEqual(highlighted, await opened.color(3, "process_request_thread"));
  assert.equal(await found("views.py:51"), "25.0% of the samples");
  assert.equal(await found("/srv/shop/views.py:80"), "11.7% of the samples");
  assert.equal(await found("views.py:8"), "0.0% of the samples"); // it is 80 and 82
  assert.equal(await found("orm.query"), "25.0% of the samples");
  assert.equal(await found("^(render|scrypt)$", true), "23.3% of the samples");
  assert.equal(await found("^(render|scrypt)$"), "0.0% of the samples");
  assert.match(await found("(", true), /Invalid regular expression/);
  assert.equal(await page.locator("#query").getAttribute("aria-invalid"), "true");
  assert.equal(await found(""), "");
  assert.equal(await opened.color(3, "select"), before);
  await page.locator("#hotspots button").first().click();
  assert.equal(await page.locator("#query").inputValue(), "select");
  assert.equal(await opened.text("found"), "38.9% of the samples");
  await opened.shoot("search");
});

testPage("inverted: below each function its callers", async (opened, page) => {
  await page.getByLabel("Inverted").check();
  const names = (await opened.level(1)).map(({ name, total }) => [name, total]);
  assert.deepEqual(names[0], ["select", 700]);
  assert.deepEqual(names[1], ["Query.fetch", 400]);
  for (const depth of [1, 2, 3])
    assert.equal(
      (await opened.level(depth)).reduce((sum, each) => sum + each.total, 0),
      TOTAL,
    );
  assert.equal(
    (await opened.level(4)).reduce((sum, each) => sum + each.total, 0),
    TOTAL - 700,
  );
  await opened.click(1, "Query.fetch");
  assert.deepEqual(await page.locator("#path button").allInnerTexts(), ["all", "Query.fetch"]);
  assert.match(await opened.hover(2, "listing"), /total\s+400 ms \(400\)/);
  await opened.shoot("inverted");
  await page.getByLabel("Callers first").check();
  assert.equal((await opened.level(1))[0].name, "<module>");
});

testPage("names: file paths or modules", async (opened, page) => {
  await page.getByLabel("Modules").check();
  const full = async (depth, name) => (await opened.frame(depth, name)).full;
  assert.equal(await full(5, "Query.fetch"), "Query.fetch (orm.query:88)");
  assert.equal(await full(3, "select"), "select (selectors:415)");
  assert.equal(await full(1, "<module>"), "<module> (srv.shop.__main__:12)");
  assert.equal(await full(6, "<GC>"), "<GC>");
  await page.getByLabel("File paths").check();
  assert.equal(await full(5, "Query.fetch"), "Query.fetch (.../orm/query.py:88)");
  assert.equal(await full(3, "select"), "select (/usr/lib/python3.14/selectors.py:415)");
});

testPage("colours: share, state, module", async (opened, page) => {
  const legend = () => page.locator("#legend li").allInnerTexts();
  assert.equal((await legend()).length, 8);
  await page.getByLabel("State", { exact: true }).check();
  assert(await legend().then((names) => names.includes("waits for the GIL")));
  const colors = new Set();
  for (const [depth, name] of [
    [3, "select"], // off CPU
    [5, "render"], // runs with the GIL
    [5, "scrypt"], // runs without
  ])
    colors.add(await opened.color(depth, name));
  assert.equal(colors.size, 3);
  assert.equal(await opened.color(5, "render"), await opened.color(5, "Tax.total"));
  await opened.shoot("states");
  await page.getByLabel("Module", { exact: true }).check();
  assert.deepEqual((await legend()).sort(), ["hashlib", "orm", "selectors", "socketserver", "srv"]);
  assert.equal(await opened.color(2, "serve"), await opened.color(5, "render"));
  assert.notEqual(await opened.color(2, "serve"), await opened.color(3, "select"));
});

testPage("threads: one of them, each below its own root", async (opened, page) => {
  await page.locator("#thread").selectOption({ label: "worker-1 (4712)" });
  assert.equal((await opened.pairs("#summary")).Samples, "550");
  assert.equal((await opened.level(3)).length, 1);
  assert.equal((await opened.pairs("#runtime"))["Waiting for the GIL"], "8.2%");
  assert(!(await page.locator("#hotspots").innerText()).includes("select"));
  await page.locator("#thread").selectOption("all");
  assert.equal((await opened.pairs("#summary")).Samples, "1,800");
  const shares = await opened.hover(4, "checkout");
  assert.match(shares, /worker-1 \(4712\)\s+105 \(50.0%\)/);
  await page.locator("#roots").selectOption("thread");
  assert.deepEqual(
    (await opened.level(2)).map(({ name, total }) => [name, total]),
    [
      ["thread 4711 MainThread", 700],
      ["thread 4712 worker-1", WORKER],
      ["thread 4713 worker-2", WORKER],
    ],
  );
  assert.equal((await opened.level(1))[0].name, "process 4711 python3");
  await opened.shoot("threads");
  await page.locator("#roots").selectOption("process");
  assert.equal((await opened.level(1)).length, 1);
  assert.equal((await opened.level(2))[0].name, "<module>");
});

testPage("a filter keeps what is zoomed, if it is there", async (opened, page) => {
  await opened.click(5, "render");
  await page.locator("#thread").selectOption({ label: "worker-2 (4713)" });
  assert.match(await opened.text("status"), /^render .*: 120 samples/);
  await page.locator("#thread").selectOption({ label: "MainThread (4711)" });
  assert.match(await opened.text("status"), /^serve .*: 700 samples/);
});

testPage("the sidebar lists what is below the chosen frame", async (opened, page) => {
  for (const name of ["<module>", "serve", "process_request_thread", "checkout"])
    await page.locator("#selected .callees button", { hasText: name }).first().click();
  assert.match(await page.locator("#selected").innerText(), /^checkout\n.*views\.py:(80|82)/);
});

testPage("a link shows the same", async (opened, page) => {
  await page.getByLabel("Inverted").check();
  await page.getByLabel("State", { exact: true }).check();
  await page.locator("#query").fill("render");
  await opened.click(2, "listing");
  const status = await opened.text("status");
  const hash = new URL(page.url()).hash;
  const other = await Opened.open(PAGE, { hash });
  assert.equal(await other.text("status"), status);
  assert.equal(await other.text("found"), "13.3% of the samples");
  assert(await other.page.getByLabel("Inverted").isChecked());
  await other.page.evaluate(() => (location.hash = ""));
  await other.page.waitForFunction(() => document.getElementById("status").textContent.startsWith("all"));
  assert(await other.page.getByLabel("Callers first").isChecked());
  await other.close();
  const odd = await Opened.open(PAGE, {
    hash: "#view=x&zoom=9-1-2&frame=99-99&thread=t77&roots=%00&regex=1&query=(&color=&names=__proto__",
  });
  await odd.close();
});

testPage("the SVG file is one, with what is shown", async (opened, page) => {
  await opened.click(3, "process_request_thread");
  const [file] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
  assert.equal(file.suggestedFilename(), "flamegraph_4711.svg");
  const text = readFileSync(await file.path(), "utf8");
  const found = await page.evaluate((text) => {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const titles = [...parsed.querySelectorAll("g > title")].map((title) => title.textContent);
    return { error: parsed.querySelector("parsererror")?.textContent ?? "", titles };
  }, text);
  assert.equal(found.error, "");
  assert(found.titles.includes("render (/srv/shop/render.py:9): 240 samples, 240 ms, 13.3%"));
  assert(!found.titles.some((title) => title.startsWith("select")));
});

testPage(
  "light and dark",
  async (opened, page) => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), "dark");
    const dark = await opened.color(3, "select");
    await opened.shoot("dark");
    await page.locator("#theme").click();
    assert.equal(await theme(), "light");
    assert.notEqual(await opened.color(3, "select"), dark);
    await page.reload();
    assert.equal(await theme(), "light"); // remembered
  },
  { colorScheme: "dark" },
);

testPage("the sidebar's width", async (opened, page) => {
  const width = async () => (await page.locator("#sidebar").boundingBox())?.width ?? 0;
  const { x, y, height } = await page.locator("#separator").boundingBox();
  await page.mouse.move(x + 3, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(450, y + 10);
  await page.mouse.up();
  assert.equal(await width(), 450);
  const graph = await page.locator("#graph").boundingBox();
  assert(graph.x > 450 && Math.abs(graph.x + graph.width - 1280) < 2);
  await page.locator("#separator").focus();
  await page.keyboard.press("ArrowLeft");
  assert.equal(await width(), 426);
  await page.keyboard.press("Enter");
  assert.equal(await width(), 0);
  assert.equal(await page.locator("#separator").getAttribute("aria-valuenow"), "0");
  await page.keyboard.press("Enter");
  assert.equal(await width(), 426);
});
