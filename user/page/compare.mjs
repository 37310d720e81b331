// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What is different from another recording. A frame is the same in both if it is of the same function and so are all
// frames above it: lines move. Where a function has several frames, one for each of its lines, they share what the
// other recording has of it, each as much as it has here.

/** Numbers for functions, the same in both recordings: [of each location, ...] */
export function numberFunctions(...recordings) {
  const numbers = new Map();
  const number = (key) => numbers.get(key) ?? numbers.set(key, numbers.size).get(key);
  return recordings.map(({ strings, file, func }) =>
    Uint32Array.from(file, (_, loc) => number(JSON.stringify([strings[file[loc]], strings[func[loc]]]))),
  );
}

/** Numbers for paths of functions; 0 is the empty one. */
class Paths {
  constructor() {
    this.known = new Map();
  }

  below(path, func) {
    const key = path * 0x1000000 + func; // exact up to 2^29 paths of 2^24 functions
    const number = this.known.get(key) ?? this.known.size + 1;
    if (number > this.known.size) this.known.set(key, number);
    return number;
  }
}

/** Whether both recordings say how long they took. */
export const knowDurations = (...recordings) => recordings.every(({ about }) => about.duration_ns > 0);

/** By how much samples of the baseline are multiplied: so that the sums are the same, or the times of recording are,
 * or only the weights of samples. */
export function factorOf(current, baseline, scale) {
  const period = baseline.about.period_ns / current.about.period_ns || 1;
  const sums = current.about.total / baseline.about.total;
  if (scale === "share" && sums > 0 && Number.isFinite(sums)) return sums;
  if (scale === "duration" && knowDurations(current, baseline))
    return (period * current.about.duration_ns) / baseline.about.duration_ns;
  return period;
}

/** Numbers for paths, the same in all recordings: [of each node, ...] */
export function numberPaths(recordings, funcs) {
  const paths = new Paths();
  return recordings.map(({ parent, loc }, side) => {
    const found = new Uint32Array(parent.length);
    for (let node = 1; node < found.length; node++)
      found[node] = paths.below(found[parent[node]], funcs[side][loc[node]]);
    return found;
  });
}

/** [nodes] the number of its path where that is not in the other recording, else 0; total: samples of the nodes there
 * that count. */
export function absentIn(paths, otherPaths, total) {
  const seen = new Set([0]); // the root is always there
  otherPaths.forEach((path, node) => total[node] && seen.add(path));
  return paths.map((path) => (seen.has(path) ? 0 : path));
}

/** How a number has changed: {now, before, change, percent, isNew} */
export function changeOf(now, before) {
  const change = now - before;
  const percent = before > 0 ? (100 * change) / before : now > 0 ? 100 : 0;
  return { now, before, change, percent, isNew: now > 0 && before <= 0 };
}

/** A tree beside that of the baseline, both top-down or both inverted. */
export class Difference {
  constructor(tree, funcs, baseTree, baseFuncs, factor) {
    Object.assign(this, { tree, funcs, baseTree, baseFuncs, factor });
    this.paths = new Paths();
    this.numbers = [Uint32Array.of(0)]; // of each level, its nodes' paths
    this.baseNumbers = [Uint32Array.of(0)];
    this.baseTotal = [baseTree.level(0).total[0]]; // of each path
    this.baseSelf = [baseTree.level(0).self[0]];
    this.levels = [];
  }

  #number(tree, funcs, known, depth) {
    for (let at = known.length; at <= depth; at++) {
      const { loc, parent } = tree.level(at);
      const above = known[at - 1];
      // A root is no function: its path is that of what is above it.
      const of = (loc, index) =>
        loc < funcs.length ? this.paths.below(above[parent[index]], funcs[loc]) : above[parent[index]];
      known.push(Uint32Array.from(loc, of));
    }
    return known[depth];
  }

  #readBase(depth) {
    while (this.baseNumbers.length <= depth && this.baseNumbers.length < this.baseTree.depth) {
      const at = this.baseNumbers.length;
      const numbers = this.#number(this.baseTree, this.baseFuncs, this.baseNumbers, at);
      const { total, self } = this.baseTree.level(at);
      numbers.forEach((path, index) => {
        this.baseTotal[path] = (this.baseTotal[path] ?? 0) + total[index];
        this.baseSelf[path] = (this.baseSelf[path] ?? 0) + self[index];
      });
    }
  }

  /** {total[], self[]} of the baseline, in samples of ours, of a level's nodes. */
  level(depth) {
    return (this.levels[depth] ??= this.#compare(depth));
  }

  #compare(depth) {
    const { loc, total, self, parent, size } = this.tree.level(depth);
    this.#readBase(depth);
    const numbers = this.#number(this.tree, this.funcs, this.numbers, depth);
    const sums = new Map();
    numbers.forEach((path, index) => {
      const sum = sums.get(path) ?? { total: 0, self: 0 };
      sum.total += total[index];
      sum.self += self[index];
      sums.set(path, sum);
    });
    const found = { total: new Float64Array(size), self: new Float64Array(size) };
    for (let index = 0; index < size; index++) {
      if (depth && loc[index] >= this.funcs.length) {
        const upper = this.tree.level(depth - 1).total[parent[index]];
        found.total[index] = (this.level(depth - 1).total[parent[index]] * total[index]) / upper;
        continue;
      }
      const sum = sums.get(numbers[index]);
      const all = this.factor * (this.baseTotal[numbers[index]] ?? 0);
      const own = this.factor * (this.baseSelf[numbers[index]] ?? 0);
      const part = sum.total ? total[index] / sum.total : 1;
      const ownPart = sum.self ? self[index] / sum.self : part;
      const rest = sum.total - sum.self;
      const restPart = rest ? (total[index] - self[index]) / rest : part;
      found.self[index] = own * ownPart;
      found.total[index] = found.self[index] + (all - own) * restPart;
    }
    return found;
  }

  total(depth, index) {
    return changeOf(this.tree.level(depth).total[index], this.level(depth).total[index]);
  }

  self(depth, index) {
    return changeOf(this.tree.level(depth).self[index], this.level(depth).self[index]);
  }
}

/** The same for a tree of what is in the baseline only. */
export class Gone {
  constructor(tree) {
    this.tree = tree;
  }

  total(depth, index) {
    return changeOf(0, this.tree.level(depth).total[index]);
  }

  self(depth, index) {
    return changeOf(0, this.tree.level(depth).self[index]);
  }
}
