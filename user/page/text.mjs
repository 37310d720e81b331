// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Texts and numbers as people read them.
import { format } from "d3-format";

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const HIDDEN = new RegExp(`${CONTROLS.source}|${LONE.source}`, "g");

/** Characters that cannot be seen, or change how others are seen, as "\x1b" and "\u202e". */
export function visible(text) {
  return text.replace(HIDDEN, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

export const count = format(",");
export const percent = (part, whole) =>
  `${(whole ? (100 * part) / whole : 0).toFixed(part && part / whole < 0.001 ? 3 : 1)}%`;

export function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

/** A time in ns with the unit that suits it. */
export function time(ns) {
  for (const [unit, size] of [
    ["s", 1e9],
    ["ms", 1e6],
    ["µs", 1e3],
  ])
    if (ns >= size) return `${format(",.4~r")(ns / size)} ${unit}`;
  return `${Math.round(ns)} ns`;
}

const FOLDERS = ["/site-packages/", "/dist-packages/", "/lib-dynload/"];
const LIBRARY = /\/(?:lib|lib64)\/python\d+\.\d+t?\//g;

/** The part of a path that is below a folder of libraries. */
function belowLibrary(path) {
  let start = 0;
  for (const folder of FOLDERS) {
    const at = path.lastIndexOf(folder);
    if (at >= 0) start = Math.max(start, at + folder.length);
  }
  if (!start && path.includes("/python"))
    for (const found of path.matchAll(LIBRARY)) start = found.index + found[0].length;
  return path.slice(start);
}

/** What `import` would call a file, as far as its path tells. */
export function moduleOf(path) {
  if (path.startsWith("<") || path === "~") return path;
  const inner = belowLibrary(path).replace(/^\/+/, "");
  const parts = inner.replace(/\.pyc?$/, "").split("/");
  if (parts.length > 1 && parts.at(-1) === "__init__") parts.pop();
  return parts.join(".");
}

/** The end of a path, if it is long. */
export function shortPath(path) {
  const parts = path.split("/");
  return path.length > 50 && parts.length > 2 ? `.../${parts.slice(-2).join("/")}` : path;
}
