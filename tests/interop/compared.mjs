// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// What a differential page makes of its data, without a browser, as JSON:
//   node compared.mjs PAGE_MODULES PAGE
//   {"frames": [[path, total, self, baseline's total, baseline's self], ...], "elided": [[path, total, self], ...]}
// A path is [[file, function, line], ...], root first; samples of the baseline count as one each.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { argv, stdout } from "node:process";
import { pathToFileURL } from "node:url";

const [, , modules, page] = argv;
const load = (name) => import(pathToFileURL(resolve(modules, `${name}.mjs`)).href);
const { Recording } = await load("data");
const { Columns } = await load("columns");
const { absentIn, Difference, numberFunctions, numberPaths } = await load("compare");
const { TopDown, pathOf } = await load("tree");

const [, data] = /<script type="application\/json" id="data">([^]*?)<\/script>/.exec(readFileSync(page, "utf8"));
const current = new Recording(JSON.parse(data));
const { baseline } = current;
const [funcs, baseFuncs] = numberFunctions(current, baseline);
const [paths, basePaths] = numberPaths([current, baseline], [funcs, baseFuncs]);
const all = () => true;
const names = ({ strings, file, func, line }, path) =>
  path.map((loc) => [strings[file[loc]], strings[func[loc]], line[loc]]);

function* nodes(tree) {
  for (let depth = 1; depth < tree.depth; depth++)
    for (let index = 0; index < tree.level(depth).size; index++) yield [depth, index, tree.level(depth)];
}

const tree = new TopDown(new Columns(current, "none", all));
const difference = new Difference(tree, funcs, new TopDown(new Columns(baseline, "none", all)), baseFuncs, 1);
const frames = [...nodes(tree)].map(([depth, index, { total, self }]) => {
  const before = difference.level(depth);
  const path = names(current, pathOf(tree, depth, index));
  return [path, total[index], self[index], before.total[index], before.self[index]];
});
const gone = absentIn(basePaths, paths, new Columns(current, "none", all).total);
const rest = new TopDown(new Columns(baseline, "none", all, gone));
const elided = [...nodes(rest)].map(([depth, index, { total, self }]) => [
  names(baseline, pathOf(rest, depth, index)),
  total[index],
  self[index],
]);
stdout.write(JSON.stringify({ frames, elided }));
