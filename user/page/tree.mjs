// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What is drawn: levels of nodes, each sorted by where it stands on the axis of samples, the heaviest of each parent
// first. A node is (level, index). Both trees have:
//   depth               number of levels
//   level(d)            {size, start[], total[], self[], loc[], parent[] (index in the level above)}
//   sums(d)             [size * CHANNELS] what the samples of each node consist of
//   threads(d, index)   Map of thread -> samples
import { CHANNELS } from "./data.mjs";

export function makeLevel(size) {
  return {
    size,
    start: new Float64Array(size),
    total: new Float64Array(size),
    self: new Float64Array(size),
    loc: new Int32Array(size),
    parent: new Uint32Array(size),
  };
}

/** Index of the first one for which it is true; it is for all that follow. */
export function firstWhere(size, isTrue) {
  let low = 0;
  let high = size;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** [first, end) of the children of a node, in the level below. */
export function children(tree, depth, index) {
  if (depth + 1 >= tree.depth) return [0, 0];
  const below = tree.level(depth + 1);
  const first = firstWhere(below.size, (at) => below.parent[at] >= index);
  const end = firstWhere(below.size, (at) => below.parent[at] > index);
  return [first, end];
}

/** Locations from below the root to a node. */
export function pathOf(tree, depth, index) {
  const path = [];
  for (; depth > 0; depth--) {
    const level = tree.level(depth);
    path.push(level.loc[index]);
    index = level.parent[index];
  }
  return path.reverse();
}

/** The node with that path, or as much of it as there is: [level, index]. */
export function findPath(tree, path) {
  let depth = 0;
  let index = 0;
  for (const loc of path) {
    const [first, end] = children(tree, depth, index);
    let at = first;
    while (at < end && tree.level(depth + 1).loc[at] !== loc) at++;
    if (at === end) break;
    depth++;
    index = at;
  }
  return [depth, index];
}

/** Callers above what they call. */
export class TopDown {
  constructor(columns) {
    this.columns = columns;
    this.levels = [];
    this.nodes = []; // of each level: numbers in the columns
    this.position = new Float64Array(columns.size);
    this.depthOf = new Uint32Array(columns.size);
    this.#build(this.#childLists());
  }

  /** Of each node: children[first[node]] to children[first[node + 1]], sorted. */
  #childLists() {
    const { size, parent, total, loc } = this.columns;
    const first = new Uint32Array(size + 1);
    for (let node = 1; node < size; node++) if (total[node]) first[parent[node] + 1]++;
    for (let node = 0; node < size; node++) first[node + 1] += first[node];
    const next = first.slice();
    const list = new Uint32Array(first[size]);
    for (let node = 1; node < size; node++) if (total[node]) list[next[parent[node]]++] = node;
    const order = (a, b) => total[b] - total[a] || loc[a] - loc[b];
    for (let node = 0; node < size; node++)
      if (first[node + 1] - first[node] > 1) list.subarray(first[node], first[node + 1]).sort(order);
    return { first, list };
  }

  #build({ first, list }) {
    let nodes = Uint32Array.of(0);
    let level = makeLevel(1);
    for (let depth = 0; nodes.length; depth++) {
      let below = 0;
      nodes.forEach((node, index) => {
        level.loc[index] = this.columns.loc[node];
        level.total[index] = this.columns.total[node];
        level.self[index] = this.columns.self[node];
        this.position[node] = level.start[index];
        this.depthOf[node] = depth;
        below += first[node + 1] - first[node];
      });
      this.levels.push(level);
      this.nodes.push(nodes);
      const next = makeLevel(below);
      const nextNodes = new Uint32Array(below);
      let at = 0;
      nodes.forEach((node, index) => {
        let start = level.start[index];
        for (let child = first[node]; child < first[node + 1]; child++, at++) {
          nextNodes[at] = list[child];
          next.parent[at] = index;
          next.start[at] = start;
          start += this.columns.total[list[child]];
        }
      });
      level = next;
      nodes = nextNodes;
    }
  }

  get depth() {
    return this.levels.length;
  }

  level(depth) {
    return this.levels[depth];
  }

  sums(depth) {
    if (!this.totals) {
      const { size, parent, selfChannels } = this.columns;
      this.totals = selfChannels.slice();
      for (let node = size - 1; node > 0; node--)
        for (let each = 0; each < CHANNELS; each++)
          this.totals[parent[node] * CHANNELS + each] += this.totals[node * CHANNELS + each];
      this.levelSums = [];
    }
    return (this.levelSums[depth] ??= gather(this.totals, this.nodes[depth]));
  }

  threads(depth, index) {
    const { start, total } = this.level(depth);
    const end = start[index] + total[index];
    const { recording, rowNode, counted } = this.columns;
    const found = new Map();
    for (let row = 0; row < recording.rowCount; row++) {
      const node = rowNode[row];
      const inside = this.depthOf[node] >= depth && this.position[node] >= start[index] && this.position[node] < end;
      const thread = recording.rowThread[row];
      if (inside && counted[row]) found.set(thread, (found.get(thread) ?? 0) + recording.rowWeight[row]);
    }
    return found;
  }
}

function gather(values, nodes) {
  const found = new Float64Array(nodes.length * CHANNELS);
  nodes.forEach((node, index) => {
    for (let each = 0; each < CHANNELS; each++) found[index * CHANNELS + each] = values[node * CHANNELS + each];
  });
  return found;
}
