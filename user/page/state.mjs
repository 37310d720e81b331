// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What is chosen, and what follows from it. Knows nothing of the document.
import { Colors } from "./colors.mjs";
import { Columns } from "./columns.mjs";
import { Inverted } from "./inverted.mjs";
import { Names } from "./names.mjs";
import { threadFilter } from "./panels.mjs";
import { heaviest, search } from "./search.mjs";
import { findPath, pathOf, TopDown } from "./tree.mjs";
import { Zoom } from "./view.mjs";

const MATCHES = 1000; // that are visited one after the other

const numbers = (text, count) => {
  const found = text.split("-").map(Number);
  return found.length === count && found.every((each) => Number.isFinite(each) && each >= 0) ? found : null;
};

export class State {
  constructor(recording) {
    this.recording = recording;
    this.names = new Names(recording);
    this.colors = new Colors(this.names);
    this.settings = {
      view: "normal",
      thread: "all",
      roots: "none",
      names: "path",
      color: "heat",
      query: "",
      regex: "",
    };
  }

  get inverted() {
    return this.settings.view === "inverted";
  }

  /** Take over settings, which may be anybody's. */
  set(changes) {
    const before = this.settings;
    const next = { ...before, ...changes };
    this.settings = next;
    this.names.byModule = next.names === "module";
    this.colors.by = next.color;
    const columnsChange = !this.columns || next.thread !== before.thread || next.roots !== before.roots;
    if (columnsChange) {
      this.columns = new Columns(this.recording, next.roots, threadFilter(this.recording, next.thread));
      this.names.roots = this.columns.roots;
    }
    if (columnsChange || next.view !== before.view)
      this.#plant(next.roots === before.roots && next.view === before.view);
    this.#search();
    if (changes.zoom) this.#zoomAsSaid(changes.zoom);
    if (changes.frame) this.#focusAsSaid(changes.frame);
  }

  /** A new tree. What was zoomed stays so, if it is there. */
  #plant(same) {
    const focus = same && this.tree ? pathOf(this.tree, this.focus.depth, this.focus.index) : [];
    const zoom = same && this.tree ? pathOf(this.tree, ...this.zoom.nodeIn(this.tree)) : [];
    this.tree = this.inverted ? new Inverted(this.columns) : new TopDown(this.columns);
    const [depth, index] = findPath(this.tree, zoom);
    this.zoom = Zoom.node(this.tree, depth, index);
    const [focusDepth, focusIndex] = findPath(this.tree, focus);
    this.focus = { depth: focusDepth, index: focusIndex };
  }

  #search() {
    this.wrong = "";
    this.matches = null;
    this.visited = -1;
    this.found = null;
    try {
      this.matches = search(this.names, this.settings.query, Boolean(this.settings.regex));
    } catch (error) {
      this.wrong = error.message;
    }
  }

  /** Of the samples. */
  matched() {
    return this.matches ? this.columns.weightWith(this.matches) : 0;
  }

  /** The next node that is found, as [level, index], or null. */
  nextMatch() {
    if (!this.matches) return null;
    this.found ??= heaviest(this.tree, this.matches, MATCHES);
    if (!this.found.length) return null;
    this.visited = (this.visited + 1) % this.found.length;
    return this.found[this.visited];
  }

  #has(depth, index) {
    return depth < this.tree.depth && index < this.tree.level(depth).size;
  }

  #zoomAsSaid(text) {
    const [depth, from, to] = numbers(text, 3) ?? [];
    const whole = this.tree.level(0).total[0];
    if (Number.isInteger(depth) && depth < this.tree.depth && from < to && to <= whole)
      this.zoom = new Zoom(depth, from, to);
  }

  #focusAsSaid(text) {
    const [depth, index] = numbers(text, 2) ?? [];
    if (Number.isInteger(depth) && Number.isInteger(index) && this.#has(depth, index)) this.focus = { depth, index };
  }

  /** What a link to what is shown says. */
  get address() {
    const { depth, from, to } = this.zoom;
    const all = depth === 0 && from === 0 && to === this.tree.level(0).total[0];
    return {
      ...this.settings,
      zoom: all ? "" : `${depth}-${from}-${to}`,
      frame: this.focus.depth ? `${this.focus.depth}-${this.focus.index}` : "",
    };
  }
}
