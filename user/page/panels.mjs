// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The sections of the sidebar that say what the samples of the chosen threads add up to.
import { select } from "d3-selection";
import { topOf } from "./colors.mjs";
import { CPU_UNKNOWN, EXCEPTION, OFF, OFF_WITH_GIL, ON, ON_WITH_GIL, WAITS } from "./data.mjs";
import { count, percent, plural, time } from "./text.mjs";

const HOTSPOTS = 10;
const MODULES = 12;

export function showThreads(element, recording) {
  const list = select(element);
  list.selectAll("*").remove();
  list.append("option").attr("value", "all").text("all threads");
  recording.processes.forEach((process, number) => {
    const threads = recording.threads.map((thread, at) => [thread, at]).filter(([thread]) => thread.process === number);
    const title = `${process.pid} ${process.name}`.trim();
    const group = list.append("optgroup").attr("label", `process ${title}`);
    if (recording.processes.length > 1) group.append("option").attr("value", `p${number}`).text(`all of ${title}`);
    for (const [thread, at] of threads)
      group.append("option").attr("value", `t${at}`).text(`${thread.name} (${thread.tid})`);
  });
}

/** A function (thread -> whether its samples count) of a value of that list. */
export function threadFilter(recording, value) {
  const number = Number(value.slice(1));
  if (value[0] === "t") return (thread) => thread === number;
  if (value[0] === "p") return (thread) => recording.threads[thread].process === number;
  return () => true;
}

export function showSummary(element, state) {
  const { recording, columns } = state;
  const { about } = recording;
  const functions = new Set();
  const total = columns.total[0];
  for (let node = 1; node < columns.size; node++) {
    const loc = columns.loc[node];
    if (columns.total[node] && loc < recording.locCount && !recording.isMarker(loc))
      functions.add(recording.file[loc] * recording.strings.length + recording.func[loc]);
  }
  const seconds = about.duration_ns / 1e9;
  const rows = [
    ["Samples", count(total)],
    ["Time", time(total * about.period_ns)],
    ["Duration", about.duration_ns ? time(about.duration_ns) : "not known"],
    ["Samples per second", seconds ? count(Math.round(total / seconds)) : "not known"],
    ["Sampling period", time(about.period_ns)],
    ["Mode", about.mode || "not known"],
    ["Functions", count(functions.size)],
    ["Frames in the graph", count(columns.total.reduce((sum, weight, node) => sum + (node && weight ? 1 : 0), 0))],
    ["Threads", count(columns.kept.reduce((sum, kept) => sum + kept, 0))],
  ];
  if (about.attempts) {
    rows.push(["Efficiency", percent(about.attempts - about.failed, about.attempts)]);
    rows.push(["Missed samples", `${count(about.failed)} (${percent(about.failed, about.attempts)})`]);
  }
  if (about.lost) rows.push(["Samples without a stack", count(about.lost)]);
  if (about.epoch_ms)
    rows.push(["Begun", new Date(about.epoch_ms).toISOString().replace("T", " ").slice(0, 19) + " UTC"]);
  rows.push(["Made by", about.program]);
  const list = select(element);
  list.selectAll("*").remove();
  for (const [name, value] of rows) {
    list.append("dt").text(name);
    list.append("dd").text(value);
  }
}

/** Functions in which most samples ended. */
export function showHotspots(element, state, onClick) {
  const { columns, names, recording } = state;
  const self = new Map();
  for (let node = 1; node < columns.size; node++) {
    const loc = columns.loc[node];
    if (!columns.self[node] || loc >= recording.locCount) continue;
    const key = `${recording.file[loc]} ${recording.func[loc]}`;
    const entry = self.get(key) ?? { loc, weight: 0 };
    entry.weight += columns.self[node];
    self.set(key, entry);
  }
  const found = [...self.values()].sort((a, b) => b.weight - a.weight).slice(0, HOTSPOTS);
  const list = select(element);
  list.selectAll("*").remove();
  for (const { loc, weight } of found) {
    const button = list.append("li").append("button").attr("type", "button");
    button.append("span").attr("class", "name").text(names.func(loc));
    const where = names.byModule ? names.module(loc) : names.path(loc);
    button.append("span").attr("class", "place").text(where);
    button.append("span").text(`${percent(weight, columns.total[0])}, ${plural(weight, "sample")} self`);
    button.on("click", () => onClick(names.func(loc)));
  }
}

/** Weight of the samples taken while garbage was collected. */
function collecting({ columns, names, recording }) {
  const matches = new Uint8Array(recording.locCount + columns.roots.length);
  for (let loc = 0; loc < recording.locCount; loc++)
    matches[loc] = recording.isMarker(loc) && names.func(loc) === "<GC>" ? 1 : 0;
  return columns.weightWith(matches);
}

export function showRuntime(element, state) {
  const { tree, recording } = state;
  const sums = tree.sums(0);
  const total = tree.level(0).total[0];
  const held = sums[ON_WITH_GIL] + sums[OFF_WITH_GIL];
  const gil = [
    ["GIL held", held],
    ["GIL released", total - held - sums[WAITS]],
    ["Waiting for the GIL", sums[WAITS]],
  ];
  const cpu = sums[ON] + sums[ON_WITH_GIL];
  const rows = [
    ["On a CPU", cpu],
    ["Off the CPU", sums[OFF] + sums[OFF_WITH_GIL] + sums[WAITS] - sums[CPU_UNKNOWN]],
    ...(sums[CPU_UNKNOWN] ? [["CPU not known", sums[CPU_UNKNOWN]]] : []),
    ...(recording.about.mode === "gil" ? [] : gil),
    ["Garbage collection", collecting(state)],
    ["Exception", sums[EXCEPTION]],
  ];
  const list = select(element);
  list.selectAll("*").remove();
  for (const [name, weight] of rows) {
    list.append("dt").text(name);
    const value = list.append("dd");
    value.text(percent(weight, total));
    list
      .append("dd")
      .attr("class", "meter")
      .append("meter")
      .attr("min", 0)
      .attr("max", total || 1)
      .attr("aria-label", name)
      .property("value", weight);
  }
}

/** Times as they were measured, not sampled: only they tell waiting for a CPU from sleeping. */
export function showTimes(section, table, state) {
  const { recording, columns } = state;
  const times = recording.times.filter(({ thread }) => columns.kept[thread]);
  section.hidden = !times.length;
  // Other modes do not look at who waits for the GIL.
  const knowsGil = ["wall", "gil"].includes(recording.about.mode);
  const head = ["Thread", "on CPU", "runnable", ...(knowsGil ? ["GIL wait"] : []), "blocked"];
  const list = select(table);
  list.selectAll("*").remove();
  const row = list.append("thead").append("tr");
  for (const name of head) row.append("th").attr("scope", "col").text(name);
  const body = list.append("tbody");
  for (const { thread, on_ns, off_ns, runnable_ns, gil_wait_ns } of times) {
    const { name, tid } = recording.threads[thread];
    const line = body.append("tr");
    line.append("th").attr("scope", "row").text(`${name} (${tid})`);
    const asleep = Math.max(0, off_ns - runnable_ns);
    const waited = knowsGil ? Math.min(gil_wait_ns, asleep) : 0;
    for (const ns of [on_ns, runnable_ns, ...(knowsGil ? [waited] : []), asleep - waited])
      line.append("td").text(time(ns));
  }
}

/** Packages, and modules that are in none, that are seen most. */
function modules({ columns, names, recording, colors }) {
  const seen = new Map();
  for (let node = 1; node < columns.size; node++) {
    const loc = columns.loc[node];
    const top = columns.total[node] && loc < recording.locCount ? topOf(names.module(loc)) : "";
    if (top) seen.set(top, (seen.get(top) ?? 0) + columns.total[node]);
  }
  const found = [...seen].sort((a, b) => b[1] - a[1]).slice(0, MODULES);
  return found.map(([top]) => [colors.ofTop(top), top]);
}

export function showLegend(element, state) {
  const list = select(element);
  list.selectAll("*").remove();
  const { colors } = state;
  for (const [color, name] of colors.by === "module" ? modules(state) : colors.legend()) {
    const item = list.append("li");
    const svg = item.append("svg").attr("width", 12).attr("height", 12).attr("aria-hidden", "true");
    svg.append("rect").attr("width", 12).attr("height", 12).attr("fill", color);
    item.append("span").text(name);
  }
}
