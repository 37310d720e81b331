// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The tooltip: beside the mouse, inside the window.
const GAP = 14;

export function hideTip(tip) {
  tip.hidden = true;
}

/** content: a node, or null for what is there. */
export function showTip(tip, { clientX, clientY }, content) {
  if (content) tip.replaceChildren(content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = clientX + GAP + width > window.innerWidth ? clientX - GAP - width : clientX + GAP;
  const top = clientY + GAP + height > window.innerHeight ? clientY - GAP - height : clientY + GAP;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}
