// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The sections of the sidebar that say what the baseline is, and what is different.
import { format } from "d3-format";
import { select } from "d3-selection";
import { changeOf } from "./compare.mjs";
import { count, time } from "./text.mjs";

const CHANGES = 10;

export function showBaseline(element, state) {
  const { baseline, absent, factor } = state;
  const { about } = baseline;
  const total = state.whole[1].total[0];
  const rows = [
    ["Samples", count(total)],
    ["Time", time(total * about.period_ns)],
    ["Duration", about.duration_ns ? time(about.duration_ns) : "not known"],
    ["Sampling period", time(about.period_ns)],
    ["A sample counts as", format(".4~r")(factor)],
    ["Stacks that are new", count(absent[0])],
    ["Stacks that are elided", count(absent[1])],
  ];
  if (about.epoch_ms)
    rows.push(["Begun", new Date(about.epoch_ms).toISOString().replace("T", " ").slice(0, 19) + " UTC"]);
  const list = select(element);
  list.selectAll("*").remove();
  for (const [name, value] of rows) {
    list.append("dt").text(name);
    list.append("dd").text(value);
  }
}

/** Of each function: [number, samples that ended in it, its name and file] */
function selfOf(columns, funcs, recording) {
  const found = new Map();
  for (let node = 1; node < columns.size; node++) {
    const loc = columns.loc[node];
    if (!columns.self[node] || loc >= recording.locCount) continue;
    const entry = found.get(funcs[loc]) ?? {
      self: 0,
      name: recording.strings[recording.func[loc]],
      file: recording.isMarker(loc) ? "" : recording.strings[recording.file[loc]],
    };
    entry.self += columns.self[node];
    found.set(funcs[loc], entry);
  }
  return found;
}

/** Functions whose own samples have changed most, of all stacks. */
export function showChanges(element, state, onClick) {
  const { whole, current, baseline, funcs, factor } = state;
  const now = selfOf(whole[0], funcs[0], current);
  const before = selfOf(whole[1], funcs[1], baseline);
  const found = [...new Set([...now.keys(), ...before.keys()])].map((func) => ({
    ...(now.get(func) ?? before.get(func)),
    ...changeOf(now.get(func)?.self ?? 0, factor * (before.get(func)?.self ?? 0)),
  }));
  found.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const list = select(element);
  list.selectAll("*").remove();
  for (const { name, file, change, percent, isNew } of found.slice(0, CHANGES)) {
    if (Math.abs(change) < 0.05) continue;
    const button = list.append("li").append("button").attr("type", "button");
    button.append("span").attr("class", "name").text(name);
    button.append("span").attr("class", "place").text(file);
    const share = isNew ? "new" : `${format("+.1f")(percent)}%`;
    button.append("span").text(`${format("+,.1~f")(change)} samples self (${share})`);
    button.on("click", () => onClick(name));
  }
}
