// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What is chosen, and what follows from it. Knows nothing of the document.
import { Colors } from "./colors.mjs";
import { Columns } from "./columns.mjs";
import { absentIn, Difference, factorOf, Gone, numberFunctions, numberPaths } from "./compare.mjs";
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
    this.current = recording;
    this.baseline = recording.baseline;
    this.sides = [recording, ...(this.baseline ? [this.baseline] : [])];
    this.funcs = this.baseline ? numberFunctions(...this.sides) : [];
    this.paths = this.baseline ? numberPaths(this.sides, this.funcs) : [];
    this.namesOf = this.sides.map((side) => new Names(side));
    this.recording = recording; // the one that is shown
    this.names = this.namesOf[0];
    this.colors = new Colors(this.names);
    this.settings = {
      view: "normal",
      thread: "all",
      roots: "none",
      names: "path",
      color: this.#preset,
      stacks: "all",
      scale: "share",
      query: "",
      regex: "",
    };
  }

  /** The colours to begin with. */
  get #preset() {
    return this.baseline ? "self" : "heat";
  }

  /** Whether that is shown which only the baseline has. */
  get elided() {
    return this.recording === this.baseline;
  }

  get inverted() {
    return this.settings.view === "inverted";
  }

  /** Take over settings, which may be anybody's. */
  set(changes) {
    const before = this.settings;
    const next = { ...before, ...changes };
    const stays = next.stacks === before.stacks;
    if (!stays && !changes.thread) next.thread = "all"; // the other recording has others
    next.color ||= this.#preset;
    this.settings = next;
    const side = next.stacks === "elided" && this.baseline ? 1 : 0;
    this.recording = this.sides[side];
    this.names = this.namesOf[side];
    this.names.byModule = next.names === "module";
    this.colors.names = this.names;
    this.colors.by = next.color;
    const columnsChange = !this.columns || !stays || next.thread !== before.thread || next.roots !== before.roots;
    if (columnsChange) this.#takeSides();
    if (columnsChange) this.#count();
    if (columnsChange || next.view !== before.view)
      this.#plant(stays && next.roots === before.roots && next.view === before.view);
    if (columnsChange || next.view !== before.view || next.scale !== before.scale) this.#compare();
    this.#search();
    if (changes.zoom) this.#zoomAsSaid(changes.zoom);
    if (changes.frame) this.#focusAsSaid(changes.frame);
  }

  /** The chosen threads; of the recording that is not shown those of the same names. */
  #keep(recording) {
    const keep = threadFilter(this.recording, this.settings.thread);
    if (recording === this.recording || this.settings.thread === "all") return keep;
    const names = new Set(this.recording.threads.filter((_, at) => keep(at)).map(({ name }) => name));
    return (thread) => names.has(recording.threads[thread].name);
  }

  #count() {
    const { stacks, roots } = this.settings;
    const chosen = this.baseline && ["new", "elided"].includes(stacks) ? this.absentNodes[this.elided ? 1 : 0] : null;
    this.columns = new Columns(this.recording, roots, this.#keep(this.recording), chosen);
    this.names.roots = this.columns.roots;
  }

  /** Of each recording: all of it, and the stacks that end in frames which the other one does not have. */
  #takeSides() {
    if (!this.baseline) return;
    this.whole = this.sides.map((side) => new Columns(side, "none", this.#keep(side)));
    this.absentNodes = this.paths.map((paths, side) => {
      const other = 1 - side;
      return absentIn(paths, this.paths[other], this.whole[other].total);
    });
    this.absent = this.absentNodes.map(
      (paths, side) => new Set(paths.filter((path, node) => path && this.whole[side].self[node])).size,
    );
  }

  #compare() {
    if (!this.baseline) return;
    const Tree = this.inverted ? Inverted : TopDown;
    const [funcs, baseFuncs] = this.funcs;
    this.factor = factorOf(this.current, this.baseline, this.settings.scale);
    this.difference = this.elided
      ? new Gone(this.tree)
      : new Difference(this.tree, funcs, new Tree(this.whole[1]), baseFuncs, this.factor);
    Object.assign(this.colors, { difference: this.difference, inverted: this.inverted });
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
      color: this.settings.color === this.#preset ? "" : this.settings.color,
      zoom: all ? "" : `${depth}-${from}-${to}`,
      frame: this.focus.depth ? `${this.focus.depth}-${this.focus.index}` : "",
    };
  }
}
