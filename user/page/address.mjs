// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What is shown, as the part of the address behind "#": a link shows the same.
const DEFAULTS = {
  view: "normal",
  names: "path",
  color: "",
  stacks: "all",
  scale: "share",
  thread: "all",
  roots: "none",
  query: "",
  regex: "",
  zoom: "",
  frame: "",
};

export function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(Object.entries(DEFAULTS).map(([key, preset]) => [key, words.get(key) ?? preset]));
}

/** Returns whether it is another one than before. */
export function writeAddress(settings) {
  const words = new URLSearchParams();
  for (const [key, preset] of Object.entries(DEFAULTS)) if (settings[key] !== preset) words.set(key, settings[key]);
  const hash = words.toString();
  if (hash === location.hash.slice(1)) return false;
  history.replaceState(null, "", `#${hash}`);
  return true;
}
