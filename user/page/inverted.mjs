// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Below each function its callers. All of it can be far larger than the call tree, so that levels are made when they
// are looked at. A node has members: the nodes of the call tree in which samples ended, and how far each has been
// followed to its callers.
import { CHANNELS } from "./data.mjs";
import { makeLevel } from "./tree.mjs";

export class Inverted {
  constructor(columns) {
    this.columns = columns;
    const { size, self, parent } = columns;
    const ends = new Uint32Array(size).map((_, node) => node).filter((node) => self[node] > 0);
    const above = new Uint32Array(size);
    let deepest = 0;
    for (let node = 1; node < size; node++) above[node] = above[parent[node]] + 1;
    for (const node of ends) deepest = Math.max(deepest, above[node]);
    this.depth = deepest + 1;
    const root = makeLevel(1);
    root.loc[0] = -1;
    root.total[0] = columns.total[0];
    root.self[0] = self[0];
    this.levels = [root];
    // Of each level: first[index] to first[index + 1] are the places of a node's members.
    const members = ends.filter((node) => node > 0);
    this.members = [{ first: Uint32Array.of(0, members.length), leaf: members, at: members }];
    this.locs = columns.recording.locCount + columns.roots.length;
  }

  level(depth) {
    while (this.levels.length <= depth) this.#grow();
    return this.levels[depth];
  }

  #grow() {
    const { loc, self, parent } = this.columns;
    const above = this.members.at(-1);
    const upper = this.levels.at(-1);
    const groupOf = new Int32Array(this.locs).fill(-1);
    const found = { loc: [], total: [], parent: [], self: [] };
    const leaf = new Uint32Array(above.leaf.length);
    const at = new Uint32Array(above.leaf.length);
    const first = [];
    let used = 0;
    for (let index = 0; index < upper.size; index++) {
      const groups = [];
      for (let member = above.first[index]; member < above.first[index + 1]; member++) {
        const where = loc[above.at[member]];
        if (groupOf[where] < 0) groupOf[where] = groups.push({ where, total: 0, ended: 0, members: [] }) - 1;
        const group = groups[groupOf[where]];
        const weight = self[above.leaf[member]];
        group.total += weight;
        group.members.push(member);
        if (!parent[above.at[member]]) group.ended += weight;
      }
      for (const group of groups) groupOf[group.where] = -1;
      groups.sort((a, b) => b.total - a.total || a.where - b.where);
      for (const group of groups) {
        found.loc.push(group.where);
        found.total.push(group.total);
        found.parent.push(index);
        found.self.push(group.ended);
        first.push(used);
        for (const member of group.members) {
          const caller = parent[above.at[member]];
          if (!caller) continue;
          leaf[used] = above.leaf[member];
          at[used++] = caller;
        }
      }
    }
    first.push(used);
    this.members.push({ first: Uint32Array.from(first), leaf: leaf.slice(0, used), at: at.slice(0, used) });
    this.levels.push(this.#place(found, upper));
  }

  #place(found, upper) {
    const level = makeLevel(found.loc.length);
    for (const name of ["loc", "total", "parent", "self"]) level[name].set(found[name]);
    let start = 0;
    for (let index = 0; index < level.size; index++) {
      const isFirst = !index || level.parent[index] !== level.parent[index - 1];
      level.start[index] = isFirst ? upper.start[level.parent[index]] : start;
      start = level.start[index] + level.total[index];
    }
    return level;
  }

  /** Nodes of the call tree whose samples a node has. */
  leaves(depth, index) {
    if (!depth) return this.members[0].leaf;
    const level = this.level(depth);
    const above = this.members[depth - 1];
    const found = [];
    const parent = level.parent[index];
    for (let member = above.first[parent]; member < above.first[parent + 1]; member++)
      if (this.columns.loc[above.at[member]] === level.loc[index]) found.push(above.leaf[member]);
    return found;
  }

  sums(depth) {
    const level = this.level(depth);
    if (!level.sums) level.sums = depth ? this.#sumsBelow(depth) : this.#sumsOfAll();
    return level.sums;
  }

  #add(sums, index, leaf) {
    const { selfChannels } = this.columns;
    for (let each = 0; each < CHANNELS; each++) sums[index * CHANNELS + each] += selfChannels[leaf * CHANNELS + each];
  }

  #sumsOfAll() {
    const sums = new Float64Array(CHANNELS);
    for (const leaf of this.members[0].leaf) this.#add(sums, 0, leaf);
    return sums;
  }

  #sumsBelow(depth) {
    const level = this.levels[depth];
    const above = this.members[depth - 1];
    const sums = new Float64Array(level.size * CHANNELS);
    const childOf = new Uint32Array(this.locs);
    let child = 0;
    for (let index = 0; index + 1 < above.first.length; index++) {
      for (; child < level.size && level.parent[child] === index; child++) childOf[level.loc[child]] = child;
      for (let member = above.first[index]; member < above.first[index + 1]; member++)
        this.#add(sums, childOf[this.columns.loc[above.at[member]]], above.leaf[member]);
    }
    return sums;
  }

  threads(depth, index) {
    const { recording, rowNode, counted } = this.columns;
    const leaves = new Set(this.leaves(depth, index));
    const found = new Map();
    for (let row = 0; row < recording.rowCount; row++) {
      const thread = recording.rowThread[row];
      if (leaves.has(rowNode[row]) && counted[row])
        found.set(thread, (found.get(thread) ?? 0) + recording.rowWeight[row]);
    }
    return found;
  }
}
