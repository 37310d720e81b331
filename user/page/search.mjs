// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// Which locations a query means: part of a function's, file's or module's name, "file:line", or a regular expression.

/** What is true of each text, asked once; ids: of the texts. */
function ofTexts(ids, count, isTrue) {
  const known = new Uint8Array(count);
  for (const id of ids) if (!known[id]) known[id] = isTrue(id) ? 2 : 1;
  return (id) => known[id] === 2;
}

/** Functions (loc) of what is looked for. */
function byRegex(names, query) {
  const { func, strings } = names.recording;
  const regex = new RegExp(query, "i");
  const isFunc = ofTexts(func, strings.length, (id) => regex.test(strings[id]));
  return (loc) =>
    isFunc(func[loc]) || regex.test(`${names.path(loc)}:${names.line(loc)}`) || regex.test(names.module(loc));
}

function byText(names, query) {
  const { func, file, strings } = names.recording;
  const wanted = query.toLowerCase();
  const place = /^(.+):(\d+)$/.exec(wanted);
  const asPath = wanted.replaceAll(".", "/"); // what is in a module's name is in its path, too
  const has = (text) => text.toLowerCase().includes(wanted);
  const isFunc = ofTexts(func, strings.length, (id) => has(strings[id]));
  const locOf = new Map();
  file.forEach((id, loc) => locOf.set(id, loc));
  const isFile = ofTexts(file, strings.length, (id) => {
    const path = strings[id].toLowerCase();
    return path !== "~" && (path.includes(wanted) || (path.includes(asPath) && has(names.module(locOf.get(id)))));
  });
  const isPlace = (loc) =>
    names.line(loc) === Number(place[2]) &&
    (names.path(loc).toLowerCase().endsWith(place[1]) || names.module(loc).toLowerCase() === place[1]);
  return (loc) => isFunc(func[loc]) || isFile(file[loc]) || (place && isPlace(loc));
}

/** [locations] 1 for each that is found; null: nothing is looked for. Throws SyntaxError. */
export function search(names, query, isRegex) {
  if (!query) return null;
  const { locCount } = names.recording;
  const isWanted = isRegex ? byRegex(names, query) : byText(names, query);
  const found = new Uint8Array(locCount + names.roots.length);
  for (let loc = 0; loc < locCount; loc++) found[loc] = isWanted(loc) ? 1 : 0;
  const isRoot = isRegex ? new RegExp(query, "i") : null;
  names.roots.forEach((name, at) => {
    found[locCount + at] = (isRoot ? isRoot.test(name) : name.toLowerCase().includes(query.toLowerCase())) ? 1 : 0;
  });
  return found;
}

/** The nodes that are found in the levels that there are so far, as [level, index], heaviest first; at most @limit. */
export function heaviest(tree, matches, limit) {
  const found = [];
  for (let depth = 1; depth < tree.levels.length; depth++) {
    const { size, loc, total } = tree.level(depth);
    for (let index = 0; index < size; index++) if (matches[loc[index]]) found.push([depth, index, total[index]]);
  }
  return found.sort((a, b) => b[2] - a[2]).slice(0, limit);
}
