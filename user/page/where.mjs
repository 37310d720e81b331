// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Where the reader is: the frames above the zoomed one, and the chosen frame with those below it. All that the graph
// shows can be reached from here, too.
import { select } from "d3-selection";
import { details } from "./describe.mjs";
import { percent, plural } from "./text.mjs";
import { children } from "./tree.mjs";

const NEAREST = 12; // frames above that are named
const MORE = 50; // frames below that are shown at once

export function showPath(element, { tree, zoom, names }, onClick) {
  const list = select(element);
  list.selectAll("*").remove();
  const above = [];
  let [depth, index] = zoom.nodeIn(tree);
  for (; depth > 0; depth--) {
    if (above.length < NEAREST) above.push([depth, index]);
    index = tree.level(depth).parent[index];
  }
  const hidden = above.length ? above.at(-1)[0] - 1 : 0;
  above.push([0, 0]);
  for (const [at, number] of above.reverse()) {
    const button = list.append("button").attr("type", "button");
    button.text(names.func(tree.level(at).loc[number])).on("click", () => onClick(at, number));
    if (!at && hidden) list.append("span").text(`… ${hidden} …`);
  }
}

function addCallees(list, state, depth, [first, end], onClick) {
  const { tree, names } = state;
  const level = tree.level(depth + 1);
  const whole = tree.level(0).total[0];
  for (let at = first; at < Math.min(end, first + MORE); at++) {
    const button = list.append("li").append("button").attr("type", "button");
    button.append("span").attr("class", "callee").text(names.full(level.loc[at]));
    button.append("span").text(percent(level.total[at], whole));
    button.on("click", () => onClick(depth + 1, at));
  }
  if (end <= first + MORE) return;
  const item = list.append("li");
  const button = item
    .append("button")
    .attr("type", "button")
    .text(`${plural(end - first - MORE, "more frame")}`);
  button.on("click", () => {
    item.remove();
    addCallees(list, state, depth, [first + MORE, end], onClick);
  });
}

export function showSelected(element, state, onClick) {
  const { tree, focus, inverted } = state;
  const box = select(element);
  element.replaceChildren(details(state, focus.depth, focus.index));
  const [first, end] = children(tree, focus.depth, focus.index);
  if (end === first) return;
  box.append("h3").text(inverted ? (focus.depth ? "Callers" : "Functions") : focus.depth ? "Callees" : "First frames");
  addCallees(box.append("ul").attr("class", "callees"), state, focus.depth, [first, end], onClick);
}
