// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The graph by keys: from frame to frame, and what the buttons do.
import { children } from "./tree.mjs";
import { Zoom } from "./view.mjs";

/** The frame beside, above or below; the same where there is none. */
function neighbour({ tree, focus: { depth, index }, zoom }, key) {
  const level = tree.level(depth);
  if (key === "ArrowUp") return depth ? [depth - 1, level.parent[index]] : [depth, index];
  if (key === "ArrowDown") {
    const [first, end] = children(tree, depth, index);
    return end > first ? [depth + 1, first] : [depth, index];
  }
  const at = index + (key === "ArrowRight" ? 1 : -1);
  const seen = at >= 0 && at < level.size && level.start[at] < zoom.to && level.start[at] + level.total[at] > zoom.from;
  return [depth, seen ? at : index];
}

/** app: {state, focus(depth, index), zoom(zoom), actions: {key: function}} */
export function setUpKeys(graph, app) {
  graph.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { tree, focus } = app.state;
    if (event.key.startsWith("Arrow")) app.focus(...neighbour(app.state, event.key));
    else if (event.key === "Enter" || event.key === " ") app.zoom(Zoom.node(tree, focus.depth, focus.index));
    else if (event.key === "Home" || event.key === "0" || event.key === "Escape") app.zoom(Zoom.all(tree));
    else if (event.key === "Backspace") {
      const [depth, index] = app.state.zoom.nodeIn(tree);
      const parent = depth ? tree.level(depth).parent[index] : 0;
      app.zoom(Zoom.node(tree, Math.max(depth - 1, 0), parent));
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const typing =
      event.target instanceof Element && event.target.closest("input:not([type=radio]):not([type=checkbox]), select");
    const action = app.actions[event.key];
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !action) return;
    action();
    event.preventDefault();
  });
}
