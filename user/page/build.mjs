// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Makes a page: one HTML file that needs nothing else, as two C arrays, with JSON to be written between them.
//
//   node build.mjs PAGE OUTPUT    PAGE.html with what it names, into OUTPUT
//
// Run in a directory that has these sources and the packages of package.json.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { build } from "esbuild";

const DATA = "<!-- data -->";

const sha256 = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Code or style in one text that cannot end the element it stands in. */
async function bundle(entry) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    charset: "ascii",
    format: entry.endsWith(".css") ? undefined : "iife",
    target: ["chrome109", "firefox115", "safari16"],
  });
  return result.outputFiles[0].text.trim().replaceAll("</", "<\\/");
}

/** The notices that the licence of the packages in the page asks for. */
function notices(meta) {
  const packages = new Set(Object.keys(meta.inputs).map((path) => /node_modules\/([^/]+)/.exec(path)?.[1]));
  packages.delete(undefined);
  const texts = new Map();
  for (const name of [...packages].sort()) {
    const text = readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
  return [...texts]
    .map(([text, names]) => `${names.join(", ")}:\n${text}`)
    .join("\n\n")
    .replaceAll("--", "- -");
}

async function inputs(entry) {
  return (await build({ entryPoints: [entry], bundle: true, write: false, metafile: true })).metafile;
}

async function assemble(page) {
  const style = await bundle(`${page}.css`);
  const code = await bundle(`${page}.mjs`);
  const policy = [
    "default-src 'none'",
    `script-src ${sha256(code)}`,
    `style-src ${sha256(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = {
    policy,
    style: `<style>${style}</style>`,
    code: `<script>${code}</script>`,
    notices: `<!--\n${notices(await inputs(`${page}.mjs`))}\n-->`,
  };
  return readFileSync(`${page}.html`, "utf8").replace(
    /<!-- (policy|style|code|notices) -->|\{(policy)\}/g,
    (_, a, b) => parts[a ?? b],
  );
}

function array(name, text) {
  const bytes = [...Buffer.from(text)];
  const lines = [];
  for (let at = 0; at < bytes.length; at += 24) lines.push(bytes.slice(at, at + 24).join(",") + ",");
  return `static const unsigned char ${name}[] = {\n${lines.join("\n")}\n};\n`;
}

const [, , page, output] = argv;
const [head, tail, more] = (await assemble(page)).split(DATA);
if (tail === undefined || more !== undefined) {
  console.error(`${page}.html: there must be one ${DATA}`);
  exit(1);
}
writeFileSync(output, array(`${page}_head`, head) + array(`${page}_tail`, tail));
