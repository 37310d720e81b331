// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What a box's colour says: its share, what its threads did, where its code is from, or how it has changed.
import { scaleThreshold } from "d3-scale";
import { CHANNELS, CPU_UNKNOWN, OFF, OFF_WITH_GIL, ON, ON_WITH_GIL, WAITS } from "./data.mjs";

const SHARES = [0.01, 0.03, 0.06, 0.12, 0.18, 0.35, 0.6];
const SHARE_NAMES = ["< 1 %", "≥ 1 %", "≥ 3 %", "≥ 6 %", "≥ 12 %", "≥ 18 %", "≥ 35 %", "≥ 60 %"];

// Of the baseline's samples, in percent: the reference's steps.
const CHANGES = [
  ...["≤ −100 %", "−100 … −50 %", "−50 … −30 %", "−30 … −15 %"],
  "± 15 %",
  ...["15 … 30 %", "30 … 50 %", "50 … 100 %", "≥ 100 %"],
];

/** Number of the step. */
function stepOf(percent) {
  const size = Math.abs(percent);
  const steps = size < 15 ? 0 : size <= 30 ? 1 : size <= 50 ? 2 : size < 100 ? 3 : 4;
  return percent < 0 ? 4 - steps : 4 + steps;
}

const THEMES = {
  light: {
    heat: ["#e9e4d4", "#f6e3a1", "#fbd277", "#fbb658", "#f79548", "#ee7244", "#dd5144", "#c23447"],
    states: ["#2f7d3a", "#8fc46b", "#e0a526", "#b98bd9", "#9bb4cf", "#c4c4c4"],
    changes: ["#1976d2", "#42a5f5", "#64b5f6", "#90caf9", "#bdbdbd", "#ffcdd2", "#ef9a9a", "#e57373", "#d32f2f"],
    isNew: "#9575cd",
    lightness: "72%",
    paper: "#ffffff",
    edge: "#ffffff",
    match: "#7b2fbe",
    faint: "#eeeeee",
    mark: "#5c6773",
    focus: "#0b57d0",
    root: "#d9dee5",
  },
  dark: {
    heat: ["#3a3d45", "#564b3b", "#6f5837", "#8a6433", "#a66d33", "#c27436", "#dd7a44", "#f08a5d"],
    states: ["#53b365", "#a8d987", "#e8b84a", "#c9a3e6", "#6e8bab", "#777777"],
    changes: ["#42a5f5", "#64b5f6", "#90caf9", "#bbdefb", "#757575", "#ffcdd2", "#ef9a9a", "#e57373", "#ef5350"],
    isNew: "#b39ddb",
    lightness: "46%",
    paper: "#14171c",
    edge: "#14171c",
    match: "#d9a8ff",
    faint: "#24282f",
    mark: "#98a2ae",
    focus: "#8ab4f8",
    root: "#343b45",
  },
};

/** The states by which a box can be coloured; of its samples, the most frequent one is shown. */
export const STATES = [
  { name: "runs, has the GIL", of: (sums, at) => sums[at + ON_WITH_GIL] },
  { name: "runs without the GIL", of: (sums, at) => sums[at + ON] },
  { name: "waits for the GIL", of: (sums, at) => sums[at + WAITS] },
  { name: "off CPU, has the GIL", of: (sums, at) => sums[at + OFF_WITH_GIL] },
  { name: "off CPU", of: (sums, at) => Math.max(0, sums[at + OFF] - sums[at + CPU_UNKNOWN]) },
  { name: "not known", of: (sums, at) => sums[at + CPU_UNKNOWN] },
];

function mostFrequent(sums, index) {
  let best = 0;
  let most = -1;
  STATES.forEach((state, number) => {
    const weight = state.of(sums, index * CHANNELS);
    if (weight > most) [best, most] = [number, weight];
  });
  return best;
}

/** The outermost package of a module. */
export const topOf = (module) => module.split(".")[0];

function hueOf(text) {
  let hash = 2166136261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16777619);
  return (hash >>> 0) % 360;
}

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const inks = new Map();

/** Black or white, whichever can be read better on a colour. */
export function inkOn(color) {
  if (!inks.has(color)) {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    inks.set(color, 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff");
  }
  return inks.get(color);
}

export class Colors {
  constructor(names) {
    this.names = names;
    this.by = "heat";
    this.theme = THEMES.light;
    this.hues = new Map();
    this.difference = null; // from a baseline
  }

  setTheme(name) {
    this.theme = THEMES[name];
  }

  /** Of what boxes that many nodes share: a stand-in, by their share. */
  of(tree, depth, index) {
    if (!depth) return this.theme.root;
    const level = tree.level(depth);
    if (this.comparing) return this.#ofChange(this.changeOf(depth, index));
    if (this.by === "state") return this.theme.states[mostFrequent(tree.sums(depth), index)];
    if (this.by === "module") return this.#ofModule(level.loc[index]);
    return scaleThreshold(SHARES, this.theme.heat)(level.total[index] / tree.level(0).total[0]);
  }

  get comparing() {
    return this.difference && (this.by === "self" || this.by === "total");
  }

  /** Below an inverted function's frame its samples are its callers' totals. */
  changeOf(depth, index) {
    const { difference } = this;
    return this.by === "self" && !this.inverted ? difference.self(depth, index) : difference.total(depth, index);
  }

  #ofChange({ percent, isNew }) {
    return isNew ? this.theme.isNew : this.theme.changes[stepOf(percent)];
  }

  #ofModule(loc) {
    const module = this.names.module(loc);
    return module ? this.ofTop(topOf(module)) : this.theme.root;
  }

  /** Of a package, or of a module that is in none. */
  ofTop(top) {
    if (!this.hues.has(top)) this.hues.set(top, hueOf(top));
    return `hsl(${this.hues.get(top)} 55% ${this.theme.lightness})`;
  }

  /** [[colour, share of a node's samples], ...] if that says more than its one colour. */
  parts(tree, depth, index) {
    if (this.by !== "state" || !depth) return [];
    const total = tree.level(depth).total[index];
    const sums = tree.sums(depth);
    const shares = STATES.map(({ of }, number) => [this.theme.states[number], of(sums, index * CHANNELS) / total]);
    return shares.filter(([, share]) => share > 0);
  }

  /** [[colour, meaning], ...] */
  legend() {
    if (this.comparing)
      return [
        [this.theme.isNew, "new"],
        ...CHANGES.map((name, at) => [this.theme.changes[at], name]).reverse(),
      ];
    if (this.by === "heat") return SHARE_NAMES.map((name, at) => [this.theme.heat[at], name]).reverse();
    if (this.by === "state") return STATES.map((state, at) => [this.theme.states[at], state.name]);
    return [];
  }
}
