// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// For pages.py: make FRAMES | measure WHO PAGE; answers in JSON.
import { closeBrowser, Opened } from "../page/browser.mjs";
import { large } from "../page/recording.mjs";

const READY = {
  "tachyon-bpf": () => window.tachyon && !window.tachyon.graph.pending,
  reference: () => document.querySelector("#chart svg g rect"),
};

function measureOurs() {
  const { state, graph } = window.tachyon;
  const time = (run) => {
    const begin = performance.now();
    run();
    graph.drawNow();
    return performance.now() - begin;
  };
  const at = (depth) => {
    const { left, top } = graph.canvas.getBoundingClientRect();
    return { clientX: left + 5, clientY: top + depth * 19 + 9, bubbles: true };
  };
  const query = document.getElementById("query");
  return {
    zoom: Math.max(
      ...[3, 4, 5].map((depth) => time(() => graph.canvas.dispatchEvent(new MouseEvent("click", at(depth))))),
    ),
    search: time(() => {
      query.value = "function_77";
      query.dispatchEvent(new Event("input"));
    }),
    frames: state.columns.total.filter((weight, node) => node && weight).length,
  };
}

/* global updateSearchHighlight, EMBEDDED_DATA */
function measureReference() {
  const begin = performance.now();
  updateSearchHighlight("function_77", document.getElementById("search-input"));
  const search = performance.now() - begin;
  let frames = 0;
  for (const queue = [EMBEDDED_DATA]; queue.length; frames++) queue.push(...(queue.pop().children ?? []));
  return { search, frames: frames - 1 };
}

const [, , verb, ...args] = process.argv;
let answer;
if (verb === "make") {
  const recording = large(Number(args[0]));
  answer = { page: recording.write("bench"), recording: recording.write("bench", "binary", "bin") };
} else {
  const [who, page] = args;
  const blank = await Opened.blank();
  const begin = performance.now();
  await blank.show(page, READY[who]);
  answer = { open: performance.now() - begin };
  Object.assign(answer, await blank.page.evaluate(who === "reference" ? measureReference : measureOurs));
  await blank.context.close();
  await closeBrowser();
}
console.log(JSON.stringify(answer));
