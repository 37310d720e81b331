// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The recording as it is in the page: columns of numbers. Nothing of it is ever taken for markup.
import { visible } from "./text.mjs";

/** Numbers of a row behind thread and node: what the samples that ended there consist of. */
export const OFF = 0;
export const ON = 1;
export const OFF_WITH_GIL = 2;
export const ON_WITH_GIL = 3;
export const WAITS = 4;
export const EXCEPTION = 5;
export const CPU_UNKNOWN = 6;
export const CHANNELS = 7;
const DOINGS = 5; // the first ones add up to the samples
const ROW = 2 + CHANNELS;

export class Recording {
  constructor(json) {
    this.about = json.about;
    this.processes = json.processes;
    this.threads = json.threads;
    this.times = json.times;
    for (const each of [...this.processes, ...this.threads]) each.name = visible(each.name);
    for (const each of this.processes) each.command = visible(each.command);
    this.strings = json.strings.map(visible);
    this.file = Uint32Array.from(json.locs.file);
    this.func = Uint32Array.from(json.locs.func);
    this.line = Int32Array.from(json.locs.line);
    this.locCount = this.file.length;
    // Node 0 is the root of all, and is called by nobody.
    this.parent = Uint32Array.from([0].concat(json.nodes.parent));
    this.loc = Int32Array.from([-1].concat(json.nodes.loc));
    this.#takeRows(json.rows);
    this.#takeSource(json.source ?? { missing: [], files: [] });
    this.baseline = json.baseline ? new Recording(json.baseline) : null;
  }

  #takeRows(rows) {
    const count = rows.length / ROW;
    this.rowCount = count;
    this.rowThread = new Uint32Array(count);
    this.rowNode = new Uint32Array(count);
    this.rowWeight = new Float64Array(count);
    this.rowChannels = new Float64Array(count * CHANNELS);
    for (let row = 0; row < count; row++) {
      const at = row * ROW;
      this.rowThread[row] = rows[at];
      this.rowNode[row] = rows[at + 1];
      for (let channel = 0; channel < CHANNELS; channel++) {
        const value = rows[at + 2 + channel];
        this.rowChannels[row * CHANNELS + channel] = value;
        if (channel < DOINGS) this.rowWeight[row] += value;
      }
    }
  }

  #takeSource(source) {
    this.missing = new Set(source.missing);
    this.sourceOf = new Map();
    for (const { file, lines } of source.files) {
      const texts = new Map();
      for (let at = 0; at < lines.length; at += 2)
        texts.set(lines[at], visible(lines[at + 1].replaceAll("\t", "    ")));
      this.sourceOf.set(file, texts);
    }
  }

  isMarker(loc) {
    return this.strings[this.file[loc]] === "~" && this.line[loc] <= 0;
  }

  /** Lines of source around a location: [[line, text, is it the one], ...]; a reason instead if there are none. */
  source(loc) {
    const file = this.file[loc];
    const line = this.line[loc];
    const texts = this.sourceOf.get(file);
    if (this.missing.has(file)) return `Source file not available: ${this.strings[file]}`;
    if (line < 1) return "";
    if (!texts) return "";
    if (!texts.has(line)) return "Source line not available";
    const lines = [];
    for (let each = line - 2; each <= line + 2; each++)
      if (texts.has(each)) lines.push([each, texts.get(each), each === line]);
    return lines;
  }
}

export function readRecording() {
  const element = document.getElementById("data");
  const recording = new Recording(JSON.parse(element.textContent));
  element.textContent = ""; // it is twice as large as what was made of it
  return recording;
}
