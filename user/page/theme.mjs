// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Light or dark: as the browser wants it, until the reader says otherwise, which all our pages remember.
const KEY = "tachyon-theme";

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // not everywhere is there a place to remember things
  }
}

export function setUpTheme(button, onChange) {
  const preferred = matchMedia("(prefers-color-scheme: dark)");
  let chosen = remembered();
  const show = () => {
    const name = chosen ?? (preferred.matches ? "dark" : "light");
    document.documentElement.dataset.theme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
    onChange(name);
  };
  button.addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // see above
    }
    show();
  });
  preferred.addEventListener("change", show);
  show();
}
