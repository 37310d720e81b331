// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// All that is known of a frame, for the tooltip, the sidebar and the status line.
import { format } from "d3-format";
import { create } from "d3-selection";
import { CHANNELS, EXCEPTION } from "./data.mjs";
import { STATES } from "./colors.mjs";
import { count, percent, plural, time } from "./text.mjs";

const SHOWN_THREADS = 5;

/** A part of a sample is as good as a whole one where a baseline was scaled. */
const amount = format(",.1~f");

/** "+12 samples (+20.0%)" */
function changed({ change, percent: share, isNew }) {
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  const size = isNew ? "new" : `${sign}${Math.abs(share).toFixed(1)}%`;
  return `${sign}${amount(Math.abs(change))} samples (${size})`;
}

function comparison(box, state, depth, index) {
  const { difference, recording, inverted } = state;
  const ns = recording.about.period_ns;
  const show = (weight) => `${time(weight * ns)} (${amount(weight)})`;
  const rows = ({ now, before, change, ...rest }, name) => [
    [`${name} now`, show(now)],
    [`${name} in the baseline`, show(before)],
    [`${name}, difference`, changed({ now, before, change, ...rest })],
  ];
  box.append("h3").text("Compared");
  const own = inverted ? [] : rows(difference.self(depth, index), "self");
  pairs(box, [...own, ...rows(difference.total(depth, index), "total")]);
}

/** One line. */
export function sentence(state, depth, index) {
  const { colors, difference } = state;
  if (!difference) return plain(state, depth, index);
  const change = depth ? colors.changeOf(depth, index) : difference.total(0, 0);
  return `${plain(state, depth, index)}; ${changed(change)}`;
}

function plain(state, depth, index) {
  const { tree, names, recording } = state;
  const level = tree.level(depth);
  const weight = level.total[index];
  const whole = tree.level(0).total[0];
  return (
    `${names.full(level.loc[index])}: ${plural(weight, "sample")}, ` +
    `${time(weight * recording.about.period_ns)}, ${percent(weight, whole)}`
  );
}

export function describeBox(state, box) {
  if (!box.narrow || box.count === 1) return sentence(state, box.depth, box.index);
  const { total } = state.tree.level(box.depth);
  let sum = 0;
  for (let at = box.index; at < box.index + box.count; at++) sum += total[at];
  const what = `${count(box.count)} frames too narrow to be drawn`;
  return `${what}, ${plural(sum, "sample")} together: a click makes them wider`;
}

function pairs(parent, rows) {
  const list = parent.append("dl").attr("class", "pairs");
  for (const [name, value] of rows) {
    list.append("dt").text(name);
    list.append("dd").text(value);
  }
}

function sourceOf(parent, recording, loc) {
  if (loc < 0 || loc >= recording.locCount) return;
  const source = recording.source(loc);
  if (typeof source === "string") {
    if (source) parent.append("div").attr("class", "place").text(source);
    return;
  }
  const block = parent.append("pre").attr("class", "source");
  for (const [line, text, here] of source)
    block
      .append("div")
      .attr("class", here ? "here" : null)
      .text(`${here ? "→" : " "} ${String(line).padStart(4)} ${text}`);
}

function threadsOf(state, depth, index) {
  const { tree, recording } = state;
  const found = [...tree.threads(depth, index)].filter(([, weight]) => weight).sort((a, b) => b[1] - a[1]);
  const rows = found.slice(0, SHOWN_THREADS).map(([thread, weight]) => {
    const { name, tid } = recording.threads[thread];
    return [`${name} (${tid})`, `${count(weight)} (${percent(weight, tree.level(depth).total[index])})`];
  });
  if (found.length > rows.length) rows.push([`${found.length - rows.length} other threads`, ""]);
  return rows;
}

function statesOf(state, depth, index) {
  const sums = state.tree.sums(depth);
  const total = state.tree.level(depth).total[index];
  const at = index * CHANNELS;
  const rows = STATES.map(({ name, of }) => [name, of(sums, at)]);
  rows.push(["exception", sums[at + EXCEPTION]]);
  return rows.filter(([, weight]) => weight).map(([name, weight]) => [name, percent(weight, total)]);
}

/** An element with everything. */
export function details(state, depth, index) {
  const { tree, names, recording, zoom, inverted } = state;
  const level = tree.level(depth);
  const weight = level.total[index];
  const ns = recording.about.period_ns;
  const box = create("div");
  box.append("div").attr("class", "name").text(names.func(level.loc[index]));
  const where = names.byModule ? names.place(level.loc[index]) : names.path(level.loc[index]);
  const line = names.line(level.loc[index]);
  if (where)
    box
      .append("div")
      .attr("class", "place")
      .text(names.byModule || line < 1 ? where : `${where}:${line}`);
  const shares = [["of all", percent(weight, tree.level(0).total[0])]];
  if (zoom.depth || zoom.to - zoom.from < tree.level(0).total[0])
    shares.push(["of what is zoomed", percent(weight, zoom.to - zoom.from)]);
  const own = inverted ? [] : [["self", `${time(level.self[index] * ns)} (${count(level.self[index])})`]];
  pairs(box, [["total", `${time(weight * ns)} (${count(weight)})`], ...own, ...shares]);
  if (state.difference) comparison(box, state, depth, index);
  sourceOf(box, recording, level.loc[index]);
  box.append("h3").text("States");
  pairs(box, statesOf(state, depth, index));
  if (recording.threads.length > 1) {
    box.append("h3").text("Threads");
    pairs(box, threadsOf(state, depth, index));
  }
  return box.node();
}
