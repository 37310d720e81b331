// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The canvas in its scroller: it stands still while what it shows moves, so that its size is that of the window,
// however deep the stacks are.
import { Painter } from "./paint.mjs";
import { boxesOf, nodeAt, ROW } from "./view.mjs";

export class Graph {
  constructor(scroller, stage, canvas, state) {
    Object.assign(this, { scroller, stage, canvas, state });
    this.painter = new Painter(canvas);
    this.pending = false;
    scroller.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => this.resize()).observe(scroller);
  }

  resize() {
    const { clientWidth, clientHeight } = this.scroller;
    if (clientWidth < 1 || clientHeight < 1) return;
    this.painter.resize(clientWidth, clientHeight);
    this.draw();
  }

  /** Levels that have something in what is zoomed, as far as they are known. */
  #depth() {
    const { tree, zoom } = this.state;
    let depth = zoom.depth;
    const some = ({ size, start, total }) => {
      for (let at = 0; at < size; at++) if (start[at] < zoom.to && start[at] + total[at] > zoom.from) return true;
      return false;
    };
    if (zoom.depth === 0) return tree.depth;
    while (depth < tree.levels.length && some(tree.level(depth))) depth++;
    return depth < tree.levels.length ? depth : tree.depth;
  }

  /** Where it scrolls to depends on what is zoomed. */
  layout() {
    this.stage.style.height = `${Math.max(this.#depth() * ROW, this.painter.height ?? 0)}px`;
  }

  /** Soon, and once. */
  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.pending = false;
    if (this.painter.width) this.painter.paint(this.state, this.scroller.scrollTop);
  }

  show(depth) {
    const { scrollTop, clientHeight } = this.scroller;
    const y = depth * ROW;
    if (y < scrollTop || y + ROW > scrollTop + clientHeight)
      this.scroller.scrollTop = Math.max(0, y - clientHeight / 3);
  }

  /** How many frames the boxes of all levels stand for. */
  framesShown() {
    const { tree, zoom } = this.state;
    let sum = 0;
    for (let depth = 0; depth < tree.depth; depth++)
      for (const { count } of boxesOf(tree, zoom, depth, this.painter.width)) sum += count;
    return sum;
  }

  /** The box under the mouse, or null. */
  boxAt(event) {
    const { left, top } = this.canvas.getBoundingClientRect();
    const { tree, zoom } = this.state;
    const depth = Math.floor((event.clientY - top + this.scroller.scrollTop) / ROW);
    const x = event.clientX - left;
    if (depth < 0 || depth >= tree.depth || x < 0 || x >= this.painter.width) return null;
    const sample = zoom.scale(this.painter.width).invert(x);
    const index = nodeAt(tree.level(depth), sample);
    for (const box of boxesOf(tree, zoom, depth, this.painter.width)) {
      if (index >= box.index && index < box.index + box.count) return box;
      if (box.narrow && x >= box.x && x <= box.x + Math.max(box.width, 1)) return box;
      if (box.x > x) return null;
    }
    return null;
  }
}
