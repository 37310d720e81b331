// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The graph as it is zoomed, all of its rows, as an SVG file.
import { create } from "d3-selection";
import { inkOn } from "./colors.mjs";
import { isMatch, labelOf } from "./paint.mjs";
import { boxesOf, ROW } from "./view.mjs";

const PADDING = 4;

export function svgOf(state, painter, describe) {
  const { tree, zoom, colors, matches } = state;
  const width = painter.width;
  const svg = create("svg:svg")
    .attr("xmlns", "http://www.w3.org/2000/svg")
    .attr("font-family", "system-ui, sans-serif")
    .attr("font-size", 12);
  svg.append("title").text(document.title);
  const paper = svg.append("rect").attr("fill", colors.theme.paper);
  let rows = 0;
  for (let depth = 0; depth < tree.depth; depth++) {
    let some = false;
    for (const box of boxesOf(tree, zoom, depth, width)) {
      some = true;
      const own = matches
        ? isMatch(state, box)
          ? colors.theme.match
          : colors.theme.faint
        : colors.of(tree, depth, box.index);
      const fill = box.narrow ? colors.theme.mark : own;
      const shown = Math.max(box.width - (box.width > 3 ? 1 : 0), 1);
      const group = svg.append("g");
      group.append("title").text(describe(box));
      group
        .append("rect")
        .attr("x", box.x.toFixed(2))
        .attr("y", depth * ROW)
        .attr("width", shown.toFixed(2))
        .attr("height", ROW - 1)
        .attr("fill", fill);
      const text = labelOf(state, box, painter.measure, shown - 2 * PADDING);
      if (text)
        group
          .append("text")
          .attr("x", (box.x + PADDING).toFixed(2))
          .attr("y", depth * ROW + ROW / 2 + 4)
          .attr("fill", inkOn(fill))
          .text(text);
    }
    if (!some) break;
    rows = depth + 1;
  }
  svg
    .attr("width", width)
    .attr("height", rows * ROW)
    .attr("viewBox", `0 0 ${width} ${rows * ROW}`);
  paper.attr("width", width).attr("height", rows * ROW);
  return new XMLSerializer().serializeToString(svg.node());
}

export function download(text, name, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
