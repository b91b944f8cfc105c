
// Explorer: one policy, frame, instruction, layer and head at a time, kept in the address.
const explorer = document.getElementById("explorer");
if (explorer) {
  const words = JSON.parse(explorer.dataset.words);
  const say = (key) => words[key][root.dataset.language];
  const part = (selector) => explorer.querySelector(selector);
  const pick = (name) => part(`[data-pick=${name}]`);
  const make = (tag, classes = "", text = "") => {
    const made = document.createElement(tag);
    made.className = classes;
    made.textContent = text;
    return made;
  };
  const chapters = [...document.querySelectorAll("[data-explored]")];
  const chapterOf = (name) => chapters.find((each) => each.dataset.policy === name);
  const PARTS = 100000; // shares are whole numbers of these
  const atLayer = (layers, layer) =>
    layer === MEAN ? layers[0].map((_, i) => mean(layers.map((row) => row[i]))) : layers[layer];
  const percentText = (share) => `${(100 * share / PARTS).toFixed(1)} %`;
  const state = { policy: "", frame: "", instruction: "", layer: MEAN, head: "mean" };
  const unpacked = new Map();
  let data = null; // of the policy that is shown

  async function unpack(name) {
    if (!unpacked.has(name)) {
      const packed = Uint8Array.from(atob(chapterOf(name).dataset.explored.split(",")[1]), (c) => c.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
      unpacked.set(name, await new Response(stream).json());
    }
    return unpacked.get(name);
  }

  const wrongOf = (frame) => data.cases.filter((c) => c.frame === frame && c.right === false).length;
  function options(select, entries, value) {
    select.replaceChildren(...entries.map(([key, text]) => new Option(text, key, false, key === String(value))));
  }
  function settle() { // whatever the policy does not have gives way to what it has
    const frames = [...new Set(data.cases.map((c) => c.frame))].sort((a, b) => wrongOf(b) - wrongOf(a));
    if (!frames.includes(state.frame)) state.frame = frames[0];
    const named = data.cases.filter((c) => c.frame === state.frame).map((c) => c.instruction);
    if (!named.includes(state.instruction)) state.instruction = named[0];
    if (!(state.layer >= MEAN && state.layer < data.layers)) state.layer = MEAN;
    if (!["mean", "strongest"].includes(state.head) && !(Number(state.head) < data.heads)) state.head = "mean";
    options(pick("policy"), chapters.map((c) => [c.dataset.policy, c.dataset.policy]), state.policy);
    options(pick("frame"), frames.map((f) => [f, wrongOf(f) ? `${f} (${say("wrong")}: ${wrongOf(f)})` : f]), state.frame);
    const heads = Array.from({ length: data.heads }, (_, i) => [String(i), String(i)]);
    options(pick("head"), [["mean", say("mean")], ["strongest", say("strongest")], ...heads], state.head);
    pick("frame").parentElement.hidden = frames.length < 2;
    pick("layer").max = data.layers - 1;
    pick("layer").value = state.layer;
    part("output").textContent = state.layer === MEAN ? say("mean") : state.layer;
    pick("layer").setAttribute("aria-valuetext", part("output").textContent);
  }
  function headOf(shown) { // the picked head; null is the mean over heads
    if (state.head === "mean") return null;
    if (state.head !== "strongest") return Number(state.head);
    const region = shown.regions.instruction ?? shown.regions.image;
    if (!region) return null;
    const shares = atLayer(region, state.layer);
    return shares.indexOf(Math.max(...shares));
  }

  function drawTrail() { // x: calls in order; y: how much of a call's output differs, up to all of it
    const trail = data.trail, svg = part(".trail svg");
    part(".trail").hidden = !trail;
    svg.replaceChildren();
    if (!trail) return;
    const [width, height, below] = [300, 64, 3], step = width / trail.calls.length;
    const y = (value) => height - below - (height - 2 * below) * Math.min(1, Math.log1p(100 * value) / Math.log1p(100));
    for (const [classes, column] of [["of-frame", 2], ["of-instruction", 1]]) {
      const points = trail.calls.flatMap((call, i) => call[column] === null ? [] : [`${((i + 0.5) * step).toFixed(1)},${y(call[column]).toFixed(1)}`]);
      drawn(svg, "polyline", { points: points.join(" ") }, classes);
    }
    if (trail.lost !== null) {
      const x = (trail.lost + 0.5) * step;
      drawn(svg, "line", { x1: x, x2: x, y1: 0, y2: height }, "lost");
    }
    trail.calls.forEach(([module, instruction, frame, layer], i) => {
      const cell = drawn(svg, "rect", { x: i * step, y: 0, width: step, height }, "call");
      cell.classList.toggle("of-layer", layer !== null);
      cell.classList.toggle("picked", layer !== null && layer === state.layer);
      const figure = (name, value) => value === null ? "" : `; ${say(name)}: ${value}`;
      cell.dataset.tip = cell.dataset.tipKo = module + figure("trail_instruction", instruction)
        + figure("trail_frame", frame) + (i === trail.lost ? `; ${say("trail_lost")}` : "");
      if (layer !== null) cell.addEventListener("click", () => choose({ layer }));
    });
    part("[data-trail]").textContent = trail.said[root.dataset.language];
  }

  // What words and patches tell of each other, for the one that is pointed at.
  const mostOf = (entries) => entries.filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]).slice(0, 3)
    .map(([name, value]) => `${name} ${percentText(value)}`).join(", ");
  function wordLinkText(link, cells) {
    if (!link) return say("link_none");
    if (!link.way) return say("link_masked");
    const total = link.way === "reads" ? ` ${percentText(sum(link.values))}` : "";
    const most = mostOf(cells.map(({ name }, i) => [`${say("patch")} ${name}:`, link.values[i] ?? 0]));
    return `${say(link.way)}${total} (${say("most")}: ${most || percentText(0)})`;
  }
  function patchLinkText(links, i) {
    const own = (links ?? []).filter(({ values }) => values && values[i] !== null);
    if (!own.length) return links ? say("link_masked") : say("link_none");
    const texts = [["reads", "looked_at"], ["is_read", "looks_at"]].map(([way, key]) => {
      const most = mostOf(own.filter((link) => link.way === way).map(({ word, values }) => [word, values[i]]));
      return most && `${say(key)}: ${most}`;
    });
    return texts.filter(Boolean).join("; ");
  }
  const wordMarks = () => [...explorer.querySelectorAll(".word")];
  const patchMarks = () => [...explorer.querySelectorAll(".stage rect")];

  function drawPatches(shown, cells, links) {
    each("#explorer [data-frame]", (img) => { img.hidden = img.dataset.frame !== state.frame; });
    const svg = part(".stage svg");
    svg.replaceChildren();
    const positions = shown.positions && atLayer(shown.positions, state.layer);
    if (!positions || !cells.length) return say("no_patches");
    const visible = new Set(shown.visible);
    const shares = cells.map(({ held, sharers }) => sum(held.map((p, i) => positions[p] / sharers[i])));
    const full = Math.max(0.02 * PARTS, ...shares);
    let hidden = 0;
    cells.forEach(({ x, y, width, height, name, held }, i) => {
      const masked = !held.some((p) => visible.has(p));
      hidden += masked;
      const rect = drawn(svg, "rect", { x, y, width, height }, masked ? "masked" : "seen");
      rect.style.setProperty("--a", masked ? 1 : shares[i] / full);
      rect.dataset.tip = rect.dataset.tipKo = `${say("patch")} ${name}: `
        + `${masked ? say("masked") : `${say("attention")} ${percentText(shares[i])}`}; ${patchLinkText(links, i)}`;
      pointing(rect, (isOn) => {
        rect.classList.toggle("pointed", isOn);
        mark(wordMarks(), isOn && links ? links.map(({ values }) => values?.[i] ?? 0) : null);
      });
    });
    return hidden ? `${say("masked_patches")}: ${hidden} / ${cells.length}` : "";
  }

  function wordMark([word, positions], shown, shares, full, cells, wordLink) {
    const made = make("span", "word", word);
    const visible = new Set(shown.visible);
    let told = `${word}: `;
    if (!positions.length) {
      made.classList.add("nowhere");
      told += say("nowhere");
    } else {
      const share = positions.reduce((sum, p) => sum + shares[p], 0);
      told += `${say("position")} ${positions.join(", ")}; `;
      if (positions.some((p) => visible.has(p))) {
        made.style.setProperty("--a", share / full);
        told += `${say("attention")} ${percentText(share)}`;
      } else {
        made.classList.add("masked");
        told += say("masked");
      }
      for (const [frame, instruction, position, distance, random] of data.byWord) {
        if (frame === state.frame && instruction === shown.instruction && positions.includes(position)) {
          told += `; ${say("effect")} ${distance} ${data.unit[root.dataset.language]} (${say("random")} ${random})`;
        }
      }
    }
    made.tabIndex = 0;
    if (positions.length) told += `; ${wordLinkText(wordLink, cells)}`;
    pointing(made, (isOn) => {
      made.classList.toggle("pointed", isOn);
      mark(patchMarks(), isOn && wordLink?.values ? wordLink.values : null);
    });
    made.dataset.tip = made.dataset.tipKo = told;
    made.addEventListener("focus", () => { part("[data-about]").textContent = told; });
    return made;
  }
  const plainTexts = new Map();
  function drawInstructions(shown, cells, links) {
    for (const row of explorer.querySelectorAll("[data-instruction]")) {
      const own = data.cases.find((c) => c.frame === state.frame && c.instruction === row.dataset.instruction);
      const isShown = own === shown, place = row.querySelector(".words");
      row.querySelector(".tab").setAttribute("aria-pressed", String(isShown));
      row.querySelector(".outcome").textContent = own
        ? `→ ${own.action} ${own.right === null ? "" : own.right ? "✓" : "✗"}` : "";
      row.querySelector(".outcome").className = `outcome ${own?.right === false ? "bad" : own?.right ? "good" : ""}`;
      if (!plainTexts.has(row)) plainTexts.set(row, [...place.childNodes]);
      const shares = isShown && shown.positions && atLayer(shown.positions, state.layer);
      if (!shares || !shown.words.length) {
        place.replaceChildren(...plainTexts.get(row));
        continue;
      }
      const full = Math.max(0.02 * PARTS, ...shown.words.map(([, at]) => at.reduce((sum, p) => sum + shares[p], 0)));
      place.replaceChildren(...shown.words.flatMap((word, i) => [wordMark(word, shown, shares, full, cells, links?.[i]), " "]));
    }
    if (!shown.words.length) return say("no_words");
    return shown.words.every(([, positions]) => !positions.length) ? say("words_nowhere") : "";
  }

  function drawShares(shown) {
    const head = headOf(shown), stack = part(".stack"), legend = part(".shares .legend");
    const regions = Object.entries(shown.regions).map(([name, layers]) => {
      const shares = atLayer(layers, state.layer);
      return [name, head === null ? mean(shares) : shares[head]];
    });
    part(".shares").hidden = !regions.length;
    stack.replaceChildren(...regions.map(([name, share]) => {
      const piece = make("i", `c-${words.css[name] ?? "other"}`);
      piece.style.flexGrow = share;
      return piece;
    }));
    legend.replaceChildren(...regions.map(([name, share]) => {
      const entry = make("span", "", `${words.regions[name]?.[root.dataset.language] ?? name} ${percentText(share)}`);
      entry.prepend(make("span", `chip c-${words.css[name] ?? "other"}`));
      return entry;
    }));
    if (head !== null) legend.append(make("span", "soft", `${say("head")} ${head}. ${say("head_note")}`));
  }

  function drawMaps(shown) {
    const layers = shown.regions.instruction, maps = part(".maps"), head = headOf(shown);
    maps.replaceChildren();
    if (!layers) return;
    const effects = layers.map((row) => row.map(() => null));
    data.byHead.forEach(([layer, at, distance]) => { if (effects[layer]) effects[layer][at] = distance; });
    const show = (title, values, text) => {
      const grid = make("div", "grid"), full = Math.max(...values.flat(), 1e-9);
      grid.style.setProperty("--columns", values[0].length);
      values.forEach((row, layer) => row.forEach((value, at) => {
        const cell = make("i", value === null ? "unmeasured" : "");
        cell.style.setProperty("--a", (value ?? 0) / full);
        if (layer === state.layer && (head === null || head === at)) cell.classList.add("chosen");
        cell.dataset.tip = cell.dataset.tipKo =
          `${say("layer")} ${layer}, ${say("head")} ${at}: ${value === null ? say("unmeasured") : text(value)}`;
        cell.addEventListener("click", () => choose({ layer, head: String(at) }));
        grid.append(cell);
      }));
      const box = make("div", "map", title);
      box.append(grid);
      maps.append(box);
    };
    show(say("map_shares"), layers, percentText);
    if (data.byHead.length) {
      show(say("map_effects"), effects, (value) => `${value} ${data.unit[root.dataset.language]}`);
    }
  }

  function draw() {
    settle();
    const shown = data.cases.find((c) => c.frame === state.frame && c.instruction === state.instruction);
    drawTrail();
    const cells = shown.mapped ? cellsOf(data.patches) : [], links = linksOf(shown, cells, state.layer);
    const notes = [drawPatches(shown, cells, links), drawInstructions(shown, cells, links)];
    if (links?.some(({ way }) => way)) notes.push(say(shown.links.layers === 1 && data.layers > 1 ? "links_mean" : "links_note"));
    part("[data-about]").textContent = notes.filter(Boolean).join(" ");
    drawShares(shown);
    drawMaps(shown);
    chapters.forEach((c) => c.classList.toggle("shown", c.dataset.policy === state.policy));
  }
  async function choose(change, isNoted = true) {
    Object.assign(state, change);
    if (!chapterOf(state.policy)) return;
    data = await unpack(state.policy);
    draw();
    if (!isNoted) return;
    try {
      history.replaceState(null, "", `#${new URLSearchParams(state)}`);
    } catch { /* a notebook's frame has no address of its own */ }
  }

  const asked = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    if (!given.has("policy")) return {};
    const found = Object.fromEntries([...given].filter(([key]) => key in state));
    if ("layer" in found) found.layer = /^\d+$/.test(found.layer) ? Number(found.layer) : MEAN;
    return found;
  };
  function follow() { // the address says what is to be shown
    const found = asked();
    const chapter = chapterOf(found.policy);
    if (!chapter) return;
    chapter.open = true;
    choose(found, false);
  }
  if (chapters.length) {
    const first = chapterOf(explorer.dataset.first) ?? chapters[0];
    each("#explorer [hidden]", (element) => { if (element.tagName === "DIV") element.hidden = false; });
    for (const name of ["policy", "frame", "head"]) {
      pick(name).addEventListener("change", (event) => choose({ [name]: event.target.value }));
    }
    pick("layer").addEventListener("input", (event) => choose({ layer: Number(event.target.value) }));
    each("#explorer [data-instruction] .tab", (tab) => tab.addEventListener("click", () =>
      choose({ instruction: tab.closest("[data-instruction]").dataset.instruction })));
    chapters.forEach((c) => c.querySelector("summary").addEventListener("click", () =>
      choose({ policy: c.dataset.policy })));
    addEventListener("hashchange", follow);
    root.addEventListener("languagechange", () => { if (data) draw(); });
    choose({ policy: first.dataset.policy, ...(chapterOf(asked().policy) ? asked() : {}) }, false);
    follow();
  }
}
