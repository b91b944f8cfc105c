"use strict";
const root = document.documentElement;
const each = (selector, act) => document.querySelectorAll(selector).forEach(act);

// Language and theme: the page holds both languages; attributes are switched here. What was chosen is
// remembered, where the browser lets a file do so.
const remembered = (key, value) => {
  try {
    if (value === undefined) return localStorage.getItem(`heedmap-${key}`);
    localStorage.setItem(`heedmap-${key}`, value);
  } catch { /* not allowed: nothing is remembered */ }
  return null;
};
function setLanguage(language) {
  root.dataset.language = language;
  root.lang = language;
  each("[data-en]", (element) => {
    const text = element.dataset[language];
    if (element.tagName === "TITLE") element.textContent = text;
    else element.setAttribute("aria-label", text);
  });
  each("[data-set-language]", (button) =>
    button.setAttribute("aria-pressed", String(button.dataset.setLanguage === language)));
  each("[data-count]", showCount);
  root.dispatchEvent(new Event("languagechange"));
}
function firstLanguage() {
  const known = (language) => ["en", "ko"].find((each) => language?.toLowerCase().startsWith(each));
  const asked = known(new URLSearchParams(location.search).get("lang"));
  return asked ?? known(remembered("language")) ?? navigator.languages.map(known).find(Boolean);
}
function setTheme(theme) {
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  each("[data-set-theme]", (button) =>
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === theme)));
}

// Tables: sort by a column, filter by words, save as CSV.
const visibleText = (cell) => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll(root.dataset.language === "ko" ? ".en" : ".ko").forEach((e) => e.remove());
  copy.querySelectorAll(".ne").forEach((e) => e.remove());
  return copy.textContent.trim();
};
const valueOf = (cell) => {
  const exact = cell.style.getPropertyValue("--v");
  if (exact) return Number(exact);
  const text = visibleText(cell);
  const number = parseFloat(text);
  return Number.isNaN(number) || cell.classList.contains("t") ? text : number;
};
const compare = (one, other) => {
  if (typeof one === typeof other) {
    return typeof one === "number" ? one - other : one.localeCompare(other);
  }
  return typeof one === "number" ? -1 : 1; // what is not there stands behind the figures
};
function sortBy(header) {
  const table = header.closest("table"), body = table.tBodies[0];
  const index = header.cellIndex;
  const wasAscending = header.getAttribute("aria-sort") === "ascending";
  const sign = wasAscending ? -1 : 1;
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", wasAscending ? "descending" : "ascending");
  const rows = [...body.rows].map((row, place) => [valueOf(row.cells[index]), place, row]);
  rows.sort((a, b) => sign * compare(a[0], b[0]) || a[1] - b[1]);
  body.append(...rows.map((entry) => entry[2]));
}
const texts = new WeakMap(); // of rows, in lower case: read once
function filter(input) {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of document.getElementById(`table-${input.dataset.filter}`).tBodies[0].rows) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    row.hidden = !words.every((word) => texts.get(row).includes(word));
  }
  each(`[data-count="${input.dataset.filter}"]`, showCount);
}
function showCount(place) {
  const rows = [...document.getElementById(`table-${place.dataset.count}`).tBodies[0].rows];
  const shown = rows.filter((row) => !row.hidden).length;
  place.querySelectorAll("span").forEach((span) => {
    span.dataset.pattern ??= span.textContent.replaceAll(String(rows.length), "#");
    const figures = span.lang === "ko" ? [rows.length, shown] : [shown, rows.length];
    span.textContent = span.dataset.pattern.replace(/#/g, () => figures.shift());
  });
}
const quoted = (value) => {
  const text = String(value);
  // A spreadsheet would run a text that begins like a formula.
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
function saveCsv(key) {
  const table = document.getElementById(`table-${key}`);
  const [groups, heads] = table.tHead.rows;
  const above = [...groups.cells].flatMap((cell) => Array(cell.colSpan).fill(visibleText(cell)));
  const names = [...heads.cells].map((cell, i) => [above[i], visibleText(cell)].filter(Boolean).join(" "));
  const lines = [...table.tBodies[0].rows].filter((row) => !row.hidden)
    .map((row) => [...row.cells].map((cell) => cell.style.getPropertyValue("--v") || visibleText(cell)));
  const csv = [names, ...lines].map((line) => line.map(quoted).join(",")).join("\n") + "\n";
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" }));
  link.download = `${key}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}

// Figures: the mark under the pointer tells its value.
const tip = document.getElementById("tip");
document.addEventListener("pointermove", (event) => {
  const mark = event.target.closest?.("[data-tip]");
  tip.hidden = !mark;
  if (!mark) return;
  tip.textContent = (root.dataset.language === "ko" && mark.dataset.tipKo) || mark.dataset.tip;
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${event.clientY + 16}px`;
});

each("[data-set-language]", (b) => b.addEventListener("click", () => {
  setLanguage(b.dataset.setLanguage);
  remembered("language", b.dataset.setLanguage);
}));
each("[data-set-theme]", (b) => b.addEventListener("click", () => setTheme(b.dataset.setTheme)));
each("[data-print]", (b) => b.addEventListener("click", () => {
  if (root.dataset.printed) root.dataset.printed = b.dataset.print;
  print();
}));
each("th .sort", (b) => b.addEventListener("click", () => sortBy(b.closest("th"))));
each("[data-filter]", (input) => input.addEventListener("input", () => filter(input)));
each("[data-csv]", (b) => b.addEventListener("click", () => saveCsv(b.dataset.csv)));

setLanguage(firstLanguage() ?? root.dataset.language);

// A link to a policy opens its chapter. The first page is printed, or all of the page with every chapter.
function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target?.tagName === "DETAILS") target.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();
let closed = [];
addEventListener("beforeprint", () => {
  if (root.dataset.printed === "first") return;
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => {
  closed.forEach((details) => { details.open = false; });
  closed = [];
  if (root.dataset.printed) root.dataset.printed = "first";
});
