// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What part of a tree is seen, and the boxes of which that consists.
import { scaleLinear } from "d3-scale";
import { firstWhere } from "./tree.mjs";

export const ROW = 19; // pixels
const NARROW = 1; // pixels: nodes below that share a box
const SHARED = 80; // pixels that such a box has at most: zooming into it makes what is in it wider

/** A stretch [from, to) of the axis of samples, looked at from level @depth on. */
export class Zoom {
  constructor(depth, from, to) {
    Object.assign(this, { depth, from, to });
  }

  static all(tree) {
    return new Zoom(0, 0, tree.level(0).total[0]);
  }

  static node(tree, depth, index) {
    const { start, total } = tree.level(depth);
    return new Zoom(depth, start[index], start[index] + total[index]);
  }

  /** The node that it is of; in the middle of many: the one above them. */
  nodeIn(tree) {
    for (let depth = this.depth; depth >= 0; depth--) {
      const { size, start, total } = tree.level(depth);
      const index = firstWhere(size, (at) => start[at] > this.from) - 1;
      if (index >= 0 && start[index] + total[index] >= this.to) return [depth, index];
    }
    return [0, 0];
  }

  scale(width) {
    return scaleLinear([this.from, this.to], [0, width]);
  }
}

/** Index of the node of a level in which @sample lies, or -1. */
export function nodeAt(level, sample) {
  const index = firstWhere(level.size, (at) => level.start[at] > sample) - 1;
  return index >= 0 && sample < level.start[index] + level.total[index] ? index : -1;
}

/** The boxes of a level: {depth, x, width, index, count}. Nodes index to index + count - 1; of more than one, or of one
 * that is narrower than a pixel, it says so. */
export function* boxesOf(tree, zoom, depth, width) {
  const level = tree.level(depth);
  const { start, total, size } = level;
  const scale = width / (zoom.to - zoom.from);
  const place = (sample) => (Math.min(Math.max(sample, zoom.from), zoom.to) - zoom.from) * scale;
  let shared = null;
  let index = firstWhere(size, (at) => start[at] + total[at] > zoom.from);
  for (; index < size && start[index] < zoom.to; index++) {
    const x = place(start[index]);
    const end = place(start[index] + total[index]);
    if (shared && (end - x >= NARROW || end - shared.x > SHARED || x - shared.x - shared.width > NARROW)) {
      yield shared;
      shared = null;
    }
    if (end - x >= NARROW) yield { depth, x, width: end - x, index, count: 1, narrow: false };
    else if (shared) {
      shared.width = end - shared.x;
      shared.count++;
    } else shared = { depth, x, width: end - x, index, count: 1, narrow: true };
  }
  if (shared) yield shared;
}

/** The part of the axis that a box stands for. */
export function zoomOfBox(tree, box) {
  const { start, total } = tree.level(box.depth);
  const last = box.index + box.count - 1;
  return new Zoom(box.depth, start[box.index], start[last] + total[last]);
}
