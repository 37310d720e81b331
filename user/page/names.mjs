// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What locations and the roots above them are called.
import { moduleOf, shortPath } from "./text.mjs";

export class Names {
  /** roots: names of what stands above the stacks, as locations from recording.locCount on. */
  constructor(recording) {
    this.recording = recording;
    this.roots = [];
    this.modules = recording.strings.map(() => undefined);
    this.byModule = false;
  }

  func(loc) {
    const { locCount, strings, func } = this.recording;
    if (loc < 0) return "all";
    return loc < locCount ? strings[func[loc]] : this.roots[loc - locCount];
  }

  /** "~" and the names of roots are of no file. */
  path(loc) {
    const { locCount, strings, file } = this.recording;
    return loc < 0 || loc >= locCount || this.recording.isMarker(loc) ? "" : strings[file[loc]];
  }

  line(loc) {
    return loc < 0 || loc >= this.recording.locCount ? 0 : this.recording.line[loc];
  }

  module(loc) {
    const path = this.path(loc);
    if (!path) return "";
    return (this.modules[this.recording.file[loc]] ??= moduleOf(path));
  }

  /** "file:line", as chosen; the line may be unknown. */
  place(loc) {
    const where = this.byModule ? this.module(loc) : shortPath(this.path(loc));
    return where && this.line(loc) > 0 ? `${where}:${this.line(loc)}` : where;
  }

  full(loc) {
    const place = this.place(loc);
    return place ? `${this.func(loc)} (${place})` : this.func(loc);
  }
}
