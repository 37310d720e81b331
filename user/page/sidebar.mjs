// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// The sidebar's width: by mouse, finger or keys; narrow enough, it is gone.
const SMALLEST = 180;
const STEP = 24;

export function setUpSidebar(sidebar, separator, onChange) {
  let width = sidebar.getBoundingClientRect().width;
  let hidden = false;
  const show = () => {
    const largest = Math.max(SMALLEST, document.documentElement.clientWidth - 240);
    width = Math.min(Math.max(width, SMALLEST), largest);
    sidebar.hidden = hidden;
    sidebar.style.setProperty("--sidebar", `${width}px`);
    separator.setAttribute("aria-valuemin", "0");
    separator.setAttribute("aria-valuemax", String(Math.round(largest)));
    separator.setAttribute("aria-valuenow", hidden ? "0" : String(Math.round(width)));
    onChange();
  };
  const resize = (wanted) => {
    hidden = wanted < SMALLEST / 2;
    if (!hidden) width = wanted;
    show();
  };
  const toggle = () => {
    hidden = !hidden;
    show();
  };
  separator.addEventListener("pointerdown", (down) => {
    separator.setPointerCapture(down.pointerId);
    const move = (event) => resize(event.clientX);
    const end = () => {
      separator.removeEventListener("pointermove", move);
      separator.removeEventListener("pointerup", end);
      separator.removeEventListener("pointercancel", end);
    };
    separator.addEventListener("pointermove", move);
    separator.addEventListener("pointerup", end);
    separator.addEventListener("pointercancel", end);
  });
  separator.addEventListener("dblclick", toggle);
  separator.addEventListener("keydown", (event) => {
    if (event.key === "Enter") toggle();
    else if (event.key === "ArrowLeft") resize(width === SMALLEST ? 0 : width - STEP);
    else if (event.key === "ArrowRight") resize(hidden ? SMALLEST : width + STEP);
    else return;
    event.preventDefault();
  });
  show();
  return toggle;
}
