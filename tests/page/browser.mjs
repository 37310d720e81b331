// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Debian's Chromium, and a page in it that must neither complain nor ask for anything.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OUTPUT, ROOT } from "./recording.mjs";

const require = createRequire(resolve(ROOT, "build/test-page/package.json"));
const { chromium } = require("playwright-core");
export const AXE = require.resolve("axe-core/axe.min.js");

let browser = null;

export async function closeBrowser() {
  await browser?.close();
}

/** An open page of a flame graph. */
export class Opened {
  static async open(path, { hash = "", ...options } = {}) {
    const opened = await Opened.blank(options);
    await opened.show(path, () => window.tachyon, hash);
    return opened;
  }

  /** Not yet on a page. */
  static async blank(options) {
    browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium" });
    const opened = new Opened();
    opened.context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    opened.page = await opened.context.newPage();
    opened.said = [];
    opened.page.on("console", (message) => opened.said.push(message.text()));
    opened.page.on("pageerror", (error) => opened.said.push(error.stack));
    opened.page.on("dialog", (dialog) => opened.said.push(dialog.message()) && dialog.dismiss());
    opened.page.on("request", (request) => {
      const url = request.url();
      if (url.split("#")[0] !== opened.url && !url.startsWith("data:") && !url.startsWith("blob:"))
        opened.said.push(url);
    });
    return opened;
  }

  async show(path, isReady, hash = "") {
    this.url = pathToFileURL(path).href;
    await this.page.goto(this.url + hash);
    await this.page.waitForFunction(isReady);
  }

  async close() {
    await this.context.close();
    assert.deepEqual(this.said, []);
  }

  /** Text of an element. */
  text(id) {
    return this.page.locator(`#${id}`).innerText();
  }

  /** {name: value} of a list of pairs. */
  pairs(selector) {
    return this.page.locator(selector).evaluate((list) => {
      const names = [...list.querySelectorAll("dt")];
      return Object.fromEntries(names.map((name) => [name.textContent, name.nextElementSibling.textContent]));
    });
  }

  /** Frames of a level, as they stand: [{name, total, self, x, y, width}, ...]; @only: of that index. */
  level(depth, only = null) {
    return this.page.evaluate(
      ([depth, only]) => {
        const { state, graph } = window.tachyon;
        const { start, total, self, loc, size } = state.tree.level(depth);
        const scale = graph.painter.width / (state.zoom.to - state.zoom.from);
        const { left, top } = graph.canvas.getBoundingClientRect();
        const indices = only === null ? Array.from({ length: size }, (_, index) => index) : [only];
        return indices.map((index) => ({
          name: state.names.func(loc[index]),
          full: state.names.full(loc[index]),
          total: total[index],
          self: self[index],
          x: left + (start[index] - state.zoom.from) * scale,
          y: top + depth * 19 - graph.scroller.scrollTop + 9,
          width: total[index] * scale,
        }));
      },
      [depth, only],
    );
  }

  async frameAt(depth, index) {
    return (await this.level(depth, index))[0];
  }

  async frame(depth, name) {
    const found = (await this.level(depth)).find((each) => each.name === name);
    assert(found, `no ${name} in level ${depth}`);
    return found;
  }

  async hover(depth, name) {
    const { x, y, width } = await this.frame(depth, name);
    await this.page.mouse.move(x + width / 2, y);
    return this.text("tip");
  }

  async click(depth, name) {
    const { x, y, width } = await this.frame(depth, name);
    await this.page.mouse.click(x + width / 2, y);
  }

  /** The colour in the middle of a frame's upper edge, where there is no text. */
  async color(depth, name) {
    const { x, y, width } = await this.frame(depth, name);
    return this.page.evaluate(
      ([x, y]) => {
        const { graph } = window.tachyon;
        graph.drawNow();
        const { left, top } = graph.canvas.getBoundingClientRect();
        const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        const ratio = window.devicePixelRatio;
        pixel.drawImage(graph.canvas, (x - left) * ratio, (y - top) * ratio, 1, 1, 0, 0, 1, 1);
        return [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
      },
      [x + width / 2, y - 7],
    );
  }

  /** A picture of it, to be looked at. */
  async shoot(name) {
    await this.page.screenshot({ path: resolve(OUTPUT, `${name}.png`) });
  }
}
