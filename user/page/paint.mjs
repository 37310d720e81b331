// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Boxes on a canvas, of the rows that can be seen. Nothing else is drawn, whatever the size of the tree.
import { inkOn } from "./colors.mjs";
import { count } from "./text.mjs";
import { boxesOf, ROW } from "./view.mjs";

const FONT = "12px system-ui, sans-serif";
const PADDING = 4;
const STRIP = 4;

/** As much of a text as there is room for. */
export function fit(measure, text, width) {
  if (width < 14) return "";
  const letters = Math.floor(width / 4); // none is much narrower
  let shown = text.length > letters ? text.slice(0, letters) : text;
  if (shown === text && measure(text) <= width) return text;
  let [low, high] = [0, shown.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(shown.slice(0, middle) + "…") <= width) low = middle;
    else high = middle - 1;
  }
  return low > 1 ? shown.slice(0, low) + "…" : "";
}

/** What is written on a box that wide: a number whole, or not at all. */
export function labelOf({ tree, names }, box, measure, width) {
  if (!box.narrow) return fit(measure, names.full(tree.level(box.depth).loc[box.index]), width);
  return [`${count(box.count)} more`, `+${count(box.count)}`].find((label) => measure(label) <= width) ?? "";
}

/** Whether a box, or one of the nodes in it, is found. */
export function isMatch(state, box) {
  const { matches, tree } = state;
  if (!matches) return false;
  const { loc } = tree.level(box.depth);
  for (let at = box.index; at < box.index + box.count; at++) if (matches[loc[at]]) return true;
  return false;
}

export function hasFocus(state, box) {
  const { depth, index } = state.focus;
  return box.depth === depth && index >= box.index && index < box.index + box.count;
}

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.widths = new Map();
  }

  resize(width, height) {
    const ratio = window.devicePixelRatio || 1;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  measure = (text) => {
    let width = this.widths.get(text);
    if (width === undefined) {
      if (this.widths.size > 20000) this.widths.clear();
      width = this.context.measureText(text).width;
      this.widths.set(text, width);
    }
    return width;
  };

  /** scroll: pixels of the graph above the first one that is seen. */
  paint(state, scroll) {
    const { context, width, height } = this;
    context.fillStyle = state.colors.theme.paper;
    context.fillRect(0, 0, width, height);
    context.font = FONT;
    context.textBaseline = "middle";
    const first = Math.floor(scroll / ROW);
    const last = Math.min(state.tree.depth - 1, Math.floor((scroll + height) / ROW));
    for (let depth = first; depth <= last; depth++)
      for (const box of boxesOf(state.tree, state.zoom, depth, width)) this.#box(state, box, depth * ROW - scroll);
  }

  #box(state, box, y) {
    const { context } = this;
    const { colors, matches, tree } = state;
    const { theme } = colors;
    const found = isMatch(state, box);
    const width = Math.max(box.width - (box.width > 3 ? 1 : 0), 1);
    let fill = colors.of(tree, box.depth, box.index);
    if (matches) fill = found ? theme.match : theme.faint;
    else if (box.depth < state.zoom.depth) fill = theme.root;
    context.fillStyle = fill;
    context.fillRect(box.x, y, width, ROW - 1);
    if (!matches && !box.narrow) this.#parts(colors.parts(tree, box.depth, box.index), box.x, y, width);
    if (box.narrow) this.#hatch(box.x, y, width, theme);
    const text = labelOf(state, box, this.measure, width - 2 * PADDING);
    if (text && box.narrow) {
      context.fillStyle = theme.paper;
      context.fillRect(box.x + PADDING - 2, y + 3, this.measure(text) + 4, ROW - 7);
    }
    if (text) {
      context.fillStyle = inkOn(box.narrow ? theme.paper : fill);
      context.fillText(text, box.x + PADDING, y + ROW / 2);
    }
    if (hasFocus(state, box)) {
      context.strokeStyle = theme.focus;
      context.lineWidth = 2;
      context.strokeRect(box.x + 1, y + 1, Math.max(width - 2, 1), ROW - 3);
    }
  }

  /** A strip at the lower edge, each colour as wide as its share. */
  #parts(parts, x, y, width) {
    if (parts.length < 2 || width < 8) return;
    for (const [color, share] of parts) {
      this.context.fillStyle = color;
      this.context.fillRect(x, y + ROW - 1 - STRIP, width * share, STRIP);
      x += width * share;
    }
  }

  /** Slanted lines: not a frame, but more of them. */
  #hatch(x, y, width, theme) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(x, y, width, ROW - 1);
    context.clip();
    context.strokeStyle = theme.mark;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = x - ROW; at < x + width; at += 6) {
      context.moveTo(at, y + ROW);
      context.lineTo(at + ROW, y);
    }
    context.stroke();
    context.restore();
  }
}
