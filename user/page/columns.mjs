// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The call tree as columns, for chosen threads and with chosen roots. A node's parent has a smaller number.
import { CHANNELS } from "./data.mjs";

/** A tree: parent[], loc[]; rowNode[] says in which of its nodes each row of the recording ended (0: in none). */
function plain(recording) {
  return { parent: recording.parent, loc: recording.loc, rowNode: recording.rowNode, roots: [] };
}

/** The same below a node for each process, or for each process and thread. */
function rooted(recording, withThreads) {
  const { processes, threads, rowThread, rowNode, locCount } = recording;
  const parent = [0];
  const loc = [-1];
  const roots = [];
  const known = new Map();
  const add = (key, above, location) => {
    known.set(key, parent.length);
    parent.push(above);
    loc.push(location);
    return parent.length - 1;
  };
  const root = (key, above, name) => known.get(key) ?? add(key, above, locCount + roots.push(name) - 1);
  const size = recording.parent.length;
  const ends = new Uint32Array(rowNode.length);
  for (let row = 0; row < rowNode.length; row++) {
    const thread = threads[rowThread[row]];
    const process = processes[thread.process];
    let group = root(`p${thread.process}`, 0, `process ${process.pid} ${process.name}`.trim());
    let number = thread.process;
    if (withThreads) {
      group = root(`t${rowThread[row]}`, group, `thread ${thread.tid} ${thread.name}`);
      number = rowThread[row];
    }
    const path = [];
    let node = rowNode[row];
    for (; node && !known.has(number * size + node); node = recording.parent[node]) path.push(node);
    let below = node ? known.get(number * size + node) : group;
    while (path.length) {
      node = path.pop();
      below = add(number * size + node, below, recording.loc[node]);
    }
    ends[row] = below;
  }
  return { parent: Uint32Array.from(parent), loc: Int32Array.from(loc), rowNode: ends, roots };
}

/** roots: "none", "process" or "thread". keep(thread): whether its samples count; of them those that ended in the
 * chosen nodes of the recording: [nodes], null for all. */
export class Columns {
  constructor(recording, roots, keep, chosen = null) {
    const tree = roots === "none" ? plain(recording) : rooted(recording, roots === "thread");
    Object.assign(this, tree);
    this.recording = recording;
    this.size = tree.parent.length;
    this.kept = Uint8Array.from(recording.threads, (_, thread) => (keep(thread) ? 1 : 0));
    this.counted = Uint8Array.from(recording.rowThread, (thread, row) =>
      this.kept[thread] && (!chosen || chosen[recording.rowNode[row]]) ? 1 : 0,
    );
    this.self = new Float64Array(this.size);
    for (let row = 0; row < recording.rowCount; row++)
      if (this.counted[row]) this.self[this.rowNode[row]] += recording.rowWeight[row];
    this.total = this.self.slice();
    for (let node = this.size - 1; node > 0; node--) this.total[this.parent[node]] += this.total[node];
  }

  /** [size * CHANNELS] what the samples that ended in each node consist of. */
  get selfChannels() {
    if (!this.channels) {
      const { rowCount, rowChannels } = this.recording;
      this.channels = new Float64Array(this.size * CHANNELS);
      for (let row = 0; row < rowCount; row++)
        if (this.counted[row])
          for (let each = 0; each < CHANNELS; each++)
            this.channels[this.rowNode[row] * CHANNELS + each] += rowChannels[row * CHANNELS + each];
    }
    return this.channels;
  }

  /** Samples of the stacks that have one of the locations: matches[loc] is not 0. */
  weightWith(matches) {
    const inside = new Uint8Array(this.size);
    let sum = 0;
    for (let node = 1; node < this.size; node++) {
      inside[node] = inside[this.parent[node]] || matches[this.loc[node]];
      if (inside[node]) sum += this.self[node];
    }
    return sum;
  }
}
