// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The page of a flame graph: what its controls do.
import { select } from "d3-selection";
import { readAddress, writeAddress } from "./address.mjs";
import { showBaseline, showChanges } from "./changes.mjs";
import { knowDurations } from "./compare.mjs";
import { readRecording } from "./data.mjs";
import { describeBox, details, sentence } from "./describe.mjs";
import { Graph } from "./graph.mjs";
import { setUpKeys } from "./keys.mjs";
import { showHotspots, showLegend, showRuntime, showSummary, showThreads, showTimes } from "./panels.mjs";
import { setUpSidebar } from "./sidebar.mjs";
import { State } from "./state.mjs";
import { download, svgOf } from "./svg.mjs";
import { percent, plural } from "./text.mjs";
import { setUpTheme } from "./theme.mjs";
import { hideTip, showTip } from "./tip.mjs";
import { showPath, showSelected } from "./where.mjs";
import { Zoom, zoomOfBox } from "./view.mjs";

const CHOICES = ["view", "names", "color", "stacks", "scale"];

const byId = (id) => document.getElementById(id);

function titleOf({ processes, about }) {
  const command = processes[0]?.command || processes[0]?.name || `process ${about.pid}`;
  return processes.length > 1
    ? `${command} and ${plural(processes.length - 1, "other process").replace("processs", "processes")}`
    : command;
}

class App {
  constructor() {
    const recording = readRecording();
    this.state = new State(recording);
    const kind = recording.baseline ? "Differential flame graph" : "Flame graph";
    document.title = `${kind}: ${titleOf(recording)}`;
    for (const element of document.querySelectorAll(".compare")) element.hidden = !recording.baseline;
    byId("durations").disabled = !recording.baseline || !knowDurations(recording, recording.baseline);
    byId("title").textContent = titleOf(recording);
    byId("title").title = titleOf(recording);
    this.state.set(readAddress());
    this.graph = new Graph(byId("scroller"), byId("stage"), byId("graph"), this.state);
    this.toggleSidebar = setUpSidebar(byId("sidebar"), byId("separator"), () => this.graph.resize());
    setUpTheme(byId("theme"), (name) => {
      this.state.colors.setTheme(name);
      showLegend(byId("legend"), this.state);
      this.graph.draw();
    });
    this.#setUpControls();
    this.#setUpMouse();
    setUpKeys(byId("graph"), this);
    this.showAll();
  }

  /** Everything that depends on what is chosen. */
  showAll() {
    const { state } = this;
    const { settings } = state;
    if (this.listed !== state.recording) showThreads(byId("thread"), state.recording);
    this.listed = state.recording;
    for (const name of CHOICES)
      for (const radio of document.getElementsByName(name)) radio.checked = radio.value === settings[name];
    byId("thread").value = settings.thread;
    byId("roots").value = settings.roots;
    if (byId("query").value !== settings.query) byId("query").value = settings.query;
    byId("regex").checked = Boolean(settings.regex);
    this.showFound();
    showSummary(byId("summary"), state);
    const find = (name) => this.set({ query: name, regex: "" });
    showHotspots(byId("hotspots"), state, find);
    if (state.baseline) {
      showBaseline(byId("baseline"), state);
      showChanges(byId("changes"), state, find);
    }
    showRuntime(byId("runtime"), state);
    showTimes(byId("times-section"), byId("times"), state);
    showLegend(byId("legend"), state);
    this.showWhere();
  }

  showFound() {
    const { matches, wrong, tree } = this.state;
    const found = byId("found");
    byId("query").setAttribute("aria-invalid", wrong ? "true" : "false");
    found.className = wrong ? "wrong" : "";
    const share = () => `${percent(this.state.matched(), tree.level(0).total[0])} of the samples`;
    found.textContent = wrong || (matches ? share() : "");
  }

  /** What depends on the zoom and the chosen frame. */
  showWhere() {
    const { state } = this;
    this.graph.layout();
    this.graph.draw();
    showPath(byId("path"), state, (depth, index) => this.zoom(Zoom.node(state.tree, depth, index)));
    showSelected(byId("selected"), state, (depth, index) => this.focus(depth, index));
    byId("status").textContent = sentence(state, state.focus.depth, state.focus.index);
    writeAddress(state.address);
  }

  set(changes) {
    this.state.set(changes);
    hideTip(byId("tip"));
    this.showAll();
  }

  zoom(zoom) {
    if (!(zoom.to > zoom.from)) return;
    const { state } = this;
    state.zoom = zoom;
    const [depth, index] = zoom.nodeIn(state.tree);
    state.focus = { depth, index };
    hideTip(byId("tip"));
    this.showWhere();
    this.graph.show(zoom.depth);
  }

  /** Choose a frame; one that is not in what is zoomed is zoomed to. */
  focus(depth, index) {
    const { tree, zoom } = this.state;
    const { start, total } = tree.level(depth);
    this.state.focus = { depth, index };
    if (start[index] >= zoom.to || start[index] + total[index] <= zoom.from) this.state.zoom = Zoom.all(tree);
    this.showWhere();
    this.graph.show(depth);
  }

  nextMatch() {
    const next = this.state.nextMatch();
    if (next) this.focus(next[0], next[1]);
  }

  get actions() {
    const { settings } = this.state;
    const press = (id) => () => byId(id).click();
    return {
      "/": () => byId("query").focus(),
      "?": press("help-button"),
      i: () => this.set({ view: settings.view === "inverted" ? "normal" : "inverted" }),
      m: () => this.set({ names: settings.names === "module" ? "path" : "module" }),
      n: () => this.nextMatch(),
      s: () => this.toggleSidebar(),
      t: press("theme"),
    };
  }

  #setUpControls() {
    for (const name of CHOICES)
      for (const radio of document.getElementsByName(name))
        radio.addEventListener("change", () => this.set({ [name]: radio.value }));
    for (const name of ["thread", "roots"])
      byId(name).addEventListener("change", () => this.set({ [name]: byId(name).value }));
    const search = () => {
      this.state.set({ query: byId("query").value, regex: byId("regex").checked ? "1" : "" });
      this.showFound();
      this.graph.draw();
      writeAddress(this.state.address);
    };
    byId("query").addEventListener("input", search);
    byId("regex").addEventListener("change", search);
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.nextMatch();
    });
    byId("reset").addEventListener("click", () => this.zoom(Zoom.all(this.state.tree)));
    byId("export").addEventListener("click", () => this.#export());
    byId("help-button").addEventListener("click", () => {
      byId("help").hidden = !byId("help").hidden;
      byId("help-button").setAttribute("aria-expanded", String(!byId("help").hidden));
    });
    window.addEventListener("hashchange", () => {
      this.state.zoom = Zoom.all(this.state.tree);
      this.set(readAddress());
      this.graph.show(this.state.focus.depth);
    });
  }

  #export() {
    const describe = (box) => describeBox(this.state, box);
    const { current, baseline } = this.state;
    const name = `${baseline ? "diff_" : ""}flamegraph_${current.about.pid}.svg`;
    download(svgOf(this.state, this.graph.painter, describe), name, "image/svg+xml");
  }

  #setUpMouse() {
    const canvas = select(byId("graph"));
    const tip = byId("tip");
    let last = "";
    canvas.on("pointermove", (event) => {
      const box = this.graph.boxAt(event);
      const key = box ? `${box.depth} ${box.index} ${box.count}` : "";
      if (!box) hideTip(tip);
      else if (key !== last || tip.hidden) {
        const text = box.narrow && box.count > 1;
        showTip(
          tip,
          event,
          text ? document.createTextNode(describeBox(this.state, box)) : details(this.state, box.depth, box.index),
        );
      } else showTip(tip, event, null);
      last = key;
    });
    canvas.on("pointerleave", () => hideTip(tip));
    canvas.on("click", (event) => {
      const box = this.graph.boxAt(event);
      if (box) this.zoom(zoomOfBox(this.state.tree, box));
    });
  }
}

window.tachyon = new App();
