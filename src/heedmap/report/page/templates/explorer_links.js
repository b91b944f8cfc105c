
// Explorer: patches, words, and what they attend to in each other, for the one that is pointed at.
const MEAN = -1; // of all layers
const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;
const drawn = (svg, name, given, classes = "") => {
  const made = document.createElementNS(svg.namespaceURI, name);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  made.setAttribute("class", classes);
  svg.append(made);
  return made;
};
function cellsOf(patches) { // each with a place in the picture, and the positions that it holds
  return patches.flatMap(({ box: [left, top, width, height], side, positions }) => {
    const count = {};
    positions.flat().forEach((p) => { count[p] = (count[p] ?? 0) + 1; });
    return positions.map((held, i) => ({
      x: left + width * (i % side) / side, y: top + height * Math.floor(i / side) / side,
      width: width / side, height: height / side, name: `${Math.floor(i / side)}, ${i % side}`,
      held, sharers: held.map((p) => count[p]),
    }));
  });
}
function linkAt(links, layer, name, word, image) { // null: masked, in all of what is picked
  const layers = links[name];
  if (!layers) return null;
  const w = links.words.indexOf(word), i = links.image.indexOf(image);
  const chosen = layer === MEAN || links.layers === 1 ? layers : [layers[layer]];
  const values = chosen.map((rows) => rows[w]?.[i] ?? null);
  return values.every((v) => v === null) ? null : sum(values.map((v) => v ?? 0)) / values.length;
}
function linksOf(shown, cells, layer) { // of every word, by patch: which way is visible, and how much it is
  const links = shown.links;
  if (!links || !cells.length) return null;
  return shown.words.map(([word, positions]) => {
    const of = (name, held, at) => {
      const each = positions.map((w) => held.map((p) => linkAt(links, layer, name, w, p)));
      return each.flat().every((v) => v === null) ? null : at(each.map((row) => row.map((v) => v ?? 0)));
    };
    const ways = { // a word of several tokens reads as they do on average, and is read in all of them
      reads: cells.map(({ held, sharers }) => of("reads", held, (rows) => mean(rows.map((row) => sum(row.map((v, i) => v / sharers[i])))))),
      is_read: cells.map(({ held }) => of("is_read", held, (rows) => sum(rows.map(mean)))),
    };
    const way = ["reads", "is_read"].find((name) => positions.length && ways[name].some((v) => v !== null)) ?? null;
    return { word, way, values: way && ways[way] };
  });
}
function mark(elements, values) { // null: nothing is pointed at any more
  const full = Math.max(...(values ?? []), 1e-9);
  elements.forEach((element, i) => {
    element.classList.toggle("linked", Boolean(values));
    element.style.setProperty("--l", values ? (values[i] ?? 0) / full : 0);
  });
}
function pointing(element, onChange) {
  for (const name of ["pointerenter", "focus"]) element.addEventListener(name, () => onChange(true));
  for (const name of ["pointerleave", "blur"]) element.addEventListener(name, () => onChange(false));
}
