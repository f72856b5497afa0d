"use strict";
// What is chosen stands in the address after "#": a view, or the id of a fact or a mention. So every state is a link.
const one = (query, within = document) => within.querySelector(query);
const all = (query, within = document) => [...within.querySelectorAll(query)];
const made = (name, words = "", kind = "") => Object.assign(document.createElement(name), { textContent: words, className: kind });
const DATA = JSON.parse(one("#data").textContent);
const VIEWS = ["timeline", "table", "left"];
const KINDS = ["drug", "biomarker", "lesion", "procedure", "diagnosis", "outcome", "finding"];
const facts = new Map(DATA.facts.map((fact) => [fact.id, fact]));
const filters = one("#filters"), card = one("#card"), text = one("#text");
const nothing = [...card.childNodes];
let chosen = null, view = "timeline";

// Every place a fact or a mention is shown, by its id.
const shown = new Map();
function remember(id, element) {
  if (!shown.has(id)) shown.set(id, []);
  shown.get(id).push(element);
}
for (const element of all("[data-fact]")) remember(element.dataset.fact, element);
for (const element of all("#text [data-facts]")) for (const id of JSON.parse(element.dataset.facts)) remember(id, element);
for (const element of all("[data-mention]")) remember(element.dataset.mention, element);
for (const element of all("#text [data-left]")) for (const id of JSON.parse(element.dataset.left)) remember(id, element);
const order = all("#rows tbody tr").map((row) => row.dataset.fact);
const hidden = new Set();
const kindOf = (type) => `t-${KINDS.includes(type) ? type : "other"}`;

// The address --------------------------------------------------------------------------------------------------------------------

function asked() {
  try { return decodeURIComponent(location.hash.slice(1)); } catch { return ""; }
}

function follow() {
  const id = asked();
  if (VIEWS.includes(id)) return show(id);
  if (facts.has(id)) return choose(id);
  if (DATA.left[id]) return point(id);
  if (!id) choose(null);
}

function go(id) {
  history.replaceState(null, "", id === null ? `#${view}` : `#${encodeURIComponent(id)}`);
  follow();
  if (id === null) choose(null);
}

function show(name) {
  view = name;
  for (const each of VIEWS) one(`#view-${each}`).hidden = each !== name;
  for (const link of all(".tabs a")) link.dataset.view === name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  one(".zoom").hidden = name !== "timeline";
  if (name === "left") showLeft(true);
  if (chosen) bring(chosen);
}

addEventListener("hashchange", follow);

// Choosing -----------------------------------------------------------------------------------------------------------------------

function mark(id) {
  for (const element of all(".on")) element.classList.remove("on");
  for (const element of shown.get(id) ?? []) element.classList.add("on");
}

function choose(id) {
  chosen = id;
  mark(id);
  card.replaceChildren(...(id === null ? nothing : told(facts.get(id))));
  card.scrollTop = 0;
  if (id === null) return;
  if (view === "left") show("timeline");
  const words = (shown.get(id) ?? []).filter((element) => text.contains(element));
  const heads = words.filter((element) => element.classList.contains("head"));
  scrollText((heads.length ? heads : words)[0]);
  bring(id);
}

function point(id) {
  chosen = null;
  show("left");
  mark(id);
  const [label, name, reason] = DATA.left[id];
  const title = made("h3", name);
  card.replaceChildren(title, made("p", `${label}, not taken: ${reason}`));
  scrollText((shown.get(id) ?? []).find((element) => text.contains(element)));
  (shown.get(id) ?? []).find((element) => element.tagName === "LI")?.scrollIntoView({ block: "nearest" });
}

function scrollText(element, share = 1 / 3) {
  if (!element) return;
  const own = text.scrollHeight > text.clientHeight + 4 && getComputedStyle(text).overflowY === "auto";
  if (own) text.scrollTop += element.getBoundingClientRect().top - text.getBoundingClientRect().top - text.clientHeight * share;
}

function bring(id) {
  for (const element of shown.get(id) ?? []) {
    if (text.contains(element) || element.closest("[hidden]")) continue;
    if (element.tagName === "TR") element.scrollIntoView({ block: "nearest" });
    else {
      const pane = element.closest(".extractor-timeline"), glyph = one("[data-at]", element).getBoundingClientRect(), frame = pane.getBoundingClientRect();
      const side = NAMES + 10, top = 34;
      if (matchMedia("(max-width: 61.99rem)").matches) pane.scrollIntoView();
      if (glyph.left < frame.left + side || glyph.right > frame.right - 40) pane.scrollLeft += glyph.left - frame.left - side - (frame.width - side) / 2;
      if (glyph.top < frame.top + top || glyph.bottom > frame.bottom - 20) pane.scrollTop += glyph.top - frame.top - frame.height / 2;
    }
  }
}

function button(words, act, kind = "") {
  const element = made("button", words, kind);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

function pairs(rows) {
  const list = made("dl");
  for (const [key, value] of rows) if (value !== null && value !== "") {
    const said = made("dd");
    said.dir = "auto";
    said.append(value);
    list.append(made("dt", key), said);
  }
  return list;
}

function told(fact) {
  const head = made("header"), title = made("h3", fact.name), type = made("span", fact.type, `badge ${kindOf(fact.type)}`), link = made("a", fact.id, "id");
  title.dir = "auto";
  link.href = `#${encodeURIComponent(fact.id)}`;
  link.title = "A link to this fact";
  head.append(type, title, link);
  const when = fact.end === null ? fact.start : `${fact.start}, until ${fact.end}`;
  const rows = [["when", fact.step === null ? when : `${when}; step ${fact.step}`], ...fact.said,
    ["certainty", fact.certainty], ["confidence", fact.confidence.toFixed(2)], ["patient", fact.patient]];
  const parts = [head, pairs(rows), made("h4", "Words")];
  const words = made("ul", "", "evidence");
  for (const evidence of fact.evidence) {
    const item = made("li"), quote = button(evidence.text, () => scrollText(all("[data-at]", text).find((e) => Number(e.dataset.at) === evidence.start)), "quote");
    quote.dir = "auto";
    item.append(made("span", evidence.role, "role"), quote);
    if (evidence.page !== null) item.append(made("span", `page ${evidence.page}`, "page"));
    words.append(item);
  }
  parts.push(words);
  const boxes = fact.evidence.flatMap((evidence) => evidence.boxes);
  if (boxes.length) parts.push(pages(boxes, kindOf(fact.type)));
  if (fact.why.length) parts.push(made("h4", "Why then"), reasons(fact));
  if (fact.relations.length) {
    const list = made("ul", "", "relations");
    for (const [type, other] of fact.relations) {
      const item = made("li", `${type} `);
      item.append(to(other));
      list.append(item);
    }
    const more = made("details");
    more.append(made("summary", `${fact.relations.length} relation${fact.relations.length === 1 ? "" : "s"}`), list);
    parts.push(more);
  }
  return parts;
}

function to(id) {
  const link = made("a", facts.has(id) ? `${id} ${facts.get(id).name}` : id);
  link.href = `#${encodeURIComponent(id)}`;
  return link;
}

function reasons(fact) {
  const list = made("ul", "", "why");
  for (const reason of fact.why) {
    const item = made("li", `${reason.point} ${reason.words} `);
    if (reason.anchor === null) item.append("day 0");
    else item.append(`the ${reason.of} of `, to(reason.anchor));
    if (reason.text) item.append(": ", made("q", reason.text));
    item.append(made("small", ` ${reason.rule}`));
    list.append(item);
  }
  return list;
}

function drawn(name, values) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(values)) element.setAttribute(key, value);
  return element;
}

function pages(boxes, kind) {
  const [width, height] = DATA.paper, row = made("div", "", "sheets");
  for (const page of [...new Set(boxes.map(([number]) => number))]) {
    const figure = made("figure"), sheet = drawn("svg", { viewBox: `0 0 ${width} ${height}`, class: `sheet ${kind}`, role: "img", "aria-label": `Where the words stand on page ${page}` });
    sheet.append(drawn("rect", { class: "paper", width, height }));
    for (const [number, x0, y0, x1, y1] of boxes) if (number === page) sheet.append(drawn("rect", { class: "box", x: x0 - 3, y: y0 - 3, width: x1 - x0 + 6, height: y1 - y0 + 6 }));
    figure.append(sheet, made("figcaption", `page ${page}`));
    row.append(figure);
  }
  return row;
}

function several(ids) {
  card.replaceChildren(made("h3", `${ids.length} fact${ids.length === 1 ? "" : "s"} of these words`), listOf(ids));
}

// The text -----------------------------------------------------------------------------------------------------------------------

text.addEventListener("click", (event) => {
  if (getSelection().isCollapsed) chooseWords(event.target.closest("[data-facts], [data-left]"));
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  if (event.target.matches("[data-facts]")) { event.preventDefault(); chooseWords(event.target); }
});
function chooseWords(words) {
  if (!words) return;
  const ids = words.dataset.facts ? JSON.parse(words.dataset.facts).filter((id) => !hidden.has(id)) : [];
  if (ids.length) {
    go(ids[0]);
    if (ids.length > 1) card.append(made("h4", "The same words are told of"), listOf(ids.slice(1)));
  } else if (words.dataset.left && text.classList.contains("with-left")) go(JSON.parse(words.dataset.left)[0]);
}

function listOf(ids) {
  const list = made("ul", "", "several");
  for (const id of ids) {
    const item = made("li");
    item.append(made("span", facts.get(id).type, `badge ${kindOf(facts.get(id).type)}`), " ", to(id));
    list.append(item);
  }
  return list;
}

document.addEventListener("mouseup", () => setTimeout(selected));
function selected() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount || !text.contains(selection.anchorNode)) return;
  const range = selection.getRangeAt(0), ids = new Set();
  for (const words of all("[data-facts]", text)) if (range.intersectsNode(words)) for (const id of JSON.parse(words.dataset.facts)) if (!hidden.has(id)) ids.add(id);
  if (!ids.size) return;
  chosen = null;
  for (const element of all(".on")) element.classList.remove("on");
  for (const id of ids) for (const element of shown.get(id)) if (!text.contains(element)) element.classList.add("on");
  several([...ids]);
}

function showLeft(on) {
  one("#show-left").checked = on;
  text.classList.toggle("with-left", on);
}
one("#show-left").addEventListener("change", (event) => showLeft(event.target.checked));
one("#reason")?.addEventListener("change", (event) => {
  const reason = event.target.value;
  for (const item of all(".not-taken li")) item.hidden = reason === "" ? "helper" in item.dataset : reason !== "*" && item.dataset.reason !== reason;
});

// Filters ------------------------------------------------------------------------------------------------------------------------

function filter() {
  const wanted = new FormData(filters), types = new Set(wanted.getAll("type")), words = wanted.get("words").trim().toLowerCase();
  hidden.clear();
  for (const fact of facts.values()) {
    const said = `${fact.id} ${fact.type} ${fact.name} ${fact.said.flat().join(" ")} ${fact.evidence.map((e) => e.text).join(" ")}`.toLowerCase();
    const fits = types.has(fact.type) && (!wanted.get("certainty") || fact.certainty === wanted.get("certainty")) && fact.confidence >= Number(wanted.get("confidence")) && said.includes(words);
    if (!fits) hidden.add(fact.id);
    for (const element of shown.get(fact.id) ?? []) if (!text.contains(element)) element.classList.toggle("off", !fits);
  }
  for (const element of all("[data-facts]", text)) element.classList.toggle("off", JSON.parse(element.dataset.facts).every((id) => hidden.has(id)));
  one("#least").textContent = Number(wanted.get("confidence")).toFixed(2).replace(/\.?0+$/, "");
  one("#shown").textContent = hidden.size ? `${facts.size - hidden.size} of ${facts.size} facts` : `${facts.size} facts`;
}
filters.addEventListener("input", filter);
filters.addEventListener("reset", () => setTimeout(filter));
filters.addEventListener("submit", (event) => event.preventDefault());

// The timeline -------------------------------------------------------------------------------------------------------------------

let zoom = 1, scale = one(".scale")?.dataset.default ?? "time";
const PAPER = 900, MOST = 60, LEAST_TICKS = 58, ALONE = 0.65, NAMES = 170;

function stretch(pane, to) {
  for (const svg of all(".plot, .axis", pane)) {
    svg.setAttribute("width", svg.dataset.width * to);
    for (const e of all("[data-at]", svg)) e.setAttribute("transform", `translate(${(e.dataset.at * to).toFixed(2)} ${e.dataset.y})`);
    for (const e of all("[data-w]", svg)) {
      e.setAttribute("x", (e.dataset.x * to).toFixed(2));
      e.setAttribute("width", (e.dataset.w * to).toFixed(2));
    }
    for (const e of all("[data-x1]", svg)) {
      e.setAttribute("x1", e.dataset.x1 * to);
      e.setAttribute("x2", e.dataset.x2 * to);
    }
    for (const group of all(".stretch", svg)) {
      const levels = [...group.children], least = pane.dataset.scale === "order" ? LEAST_TICKS / 2 : LEAST_TICKS;
      const best = levels.find((level) => level.dataset.gap * to >= (level.children.length > 1 ? least : ALONE * least));
      for (const level of levels) level === best ? level.removeAttribute("display") : level.setAttribute("display", "none");
    }
  }
}

// How far a pane is stretched when it fits its width: never narrower than it was laid out, so that no labels meet.
function fitting(pane) {
  const plot = one(".plot", pane);
  return Math.max(1, (pane.clientWidth - NAMES - 2) / plot.dataset.width);
}

function zoomTo(to, about) {
  zoom = Math.min(MOST, Math.max(1, to));
  for (const pane of all(".view .extractor-timeline")) {
    if (pane.closest("[hidden]")) continue;
    const plot = one(".plot", pane), frame = pane.getBoundingClientRect(), before = plot.getBoundingClientRect();
    const focus = about ?? (chosen && one("[data-at]", shown.get(chosen).find((e) => plot.contains(e)) ?? plot)?.getBoundingClientRect().left) ?? frame.left + NAMES + (frame.width - NAMES) / 2;
    const share = (focus - before.left) / before.width;
    stretch(pane, zoom * fitting(pane));
    pane.scrollLeft += share * plot.getBoundingClientRect().width + plot.getBoundingClientRect().left - focus;
  }
}

function scaleTo(name) {
  scale = name;
  for (const pane of all(".scale")) pane.hidden = pane.dataset.scale !== name;
  for (const b of all(".zoom [data-scale]")) b.setAttribute("aria-pressed", b.dataset.scale === name);
  zoomTo(1);
  if (chosen) bring(chosen);
}

for (const b of all(".zoom [data-scale]")) b.addEventListener("click", () => scaleTo(b.dataset.scale));
one("#in").addEventListener("click", () => zoomTo(zoom * 1.5));
one("#out").addEventListener("click", () => zoomTo(zoom / 1.5));
one("#fit").addEventListener("click", () => zoomTo(1));
for (const pane of all(".view .extractor-timeline")) {
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX);
  }, { passive: false });
  pane.addEventListener("click", (event) => {
    const found = event.target.closest("[data-fact]");
    if (found) go(found.dataset.fact);
  });
}
addEventListener("resize", () => zoomTo(zoom));

// On paper a picture stands whole, as small as can still be read.
addEventListener("beforeprint", () => {
  for (const pane of all(".view .extractor-timeline")) {
    if (pane.closest("[hidden].scale")) continue;
    stretch(pane, 1);
    pane.style.zoom = Math.min(0.76, Math.max(0.5, PAPER / one(".plot", pane).getAttribute("height")));
  }
});
addEventListener("afterprint", () => {
  for (const pane of all(".view .extractor-timeline")) pane.style.zoom = "";
  zoomTo(zoom);
});

// The table ----------------------------------------------------------------------------------------------------------------------

const table = one("#rows"), body = one("tbody", table);
table.tHead.addEventListener("click", (event) => {
  const by = event.target.closest("button"), head = event.target.closest("th");
  if (!by) return;
  const up = head.getAttribute("aria-sort") !== "ascending", column = head.cellIndex, number = by.dataset.number === "1";
  const value = (row) => number ? row.cells[column].dataset.v : row.cells[column].textContent;
  const compare = (a, b) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return (up ? 1 : -1) * (number ? a - b : a.localeCompare(b, "en", { numeric: true }));
  };
  const rows = [...body.rows].map((row) => [value(row), row]);
  body.append(...rows.sort((a, b) => compare(a[0], b[0])).map(([, row]) => row));
  for (const other of all("th", table)) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
});
body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row && getSelection().isCollapsed) { event.preventDefault(); go(row.dataset.fact); }
});

// A cell that a spreadsheet would take for a formula is kept as words.
const cell = (words) => words.replace(/\s+/g, " ").trim().replace(/^[=@]/, "'$&");
function tsv() {
  return [one("thead tr", table), ...[...body.rows].filter((row) => !row.classList.contains("off"))]
    .map((row) => [...row.cells].map((c) => cell(c.textContent)).join("\t")).join("\n") + "\n";
}
async function copy() {
  const words = tsv();
  try { await navigator.clipboard.writeText(words); } catch {
    const area = document.body.appendChild(Object.assign(made("textarea"), { value: words }));
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  one("#copied").textContent = `${words.split("\n").length - 2} rows copied`;
}
one("#copy").addEventListener("click", copy);

// Keys, dark mode ----------------------------------------------------------------------------------------------------------------

const help = one("#help");
one("#ask").addEventListener("click", () => help.showModal());
help.addEventListener("click", (event) => { if (event.target === help) help.close(); });

function darken(on) {
  document.documentElement.dataset.theme = on ? "dark" : "light";
  one("#dark").setAttribute("aria-pressed", on);
  one("#dark").textContent = on ? "Light" : "Dark";
}
const isDark = () => document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
one("#dark").addEventListener("click", () => darken(!isDark()));
one("#dark").textContent = isDark() ? "Light" : "Dark";
one("#dark").setAttribute("aria-pressed", isDark());

function step(by) {
  const rows = view === "table" ? [...body.rows].map((row) => row.dataset.fact) : order;
  const open = rows.filter((id) => !hidden.has(id));
  if (!open.length) return;
  const at = open.indexOf(chosen);
  go(open[by === -Infinity ? 0 : by === Infinity ? open.length - 1 : at < 0 ? (by > 0 ? 0 : open.length - 1) : Math.min(open.length - 1, Math.max(0, at + by))]);
}

const KEYS = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity),
  Escape: () => go(null), t: () => go2("timeline"), b: () => go2("table"), n: () => go2("left"), o: () => scaleTo(scale === "time" ? "order" : "time"),
  "+": () => zoomTo(zoom * 1.5), "=": () => zoomTo(zoom * 1.5), "-": () => zoomTo(zoom / 1.5), 0: () => zoomTo(1), "/": () => filters.elements.words.focus(),
  c: copy, d: () => darken(!isDark()), "?": () => help.showModal(),
};
function go2(name) {
  history.replaceState(null, "", `#${name}`);
  show(name);
}
document.addEventListener("keydown", (event) => {
  const within = document.activeElement;
  if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (within.matches("input, select, textarea")) {
    if (event.key === "Escape") within.blur();
    return;
  }
  const arrows = event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End";
  if (arrows && text.contains(within)) return; // There they scroll.
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});

document.documentElement.classList.add("live");
show("timeline");
scaleTo(scale);
scrollText(one(".of-case", text), 0);
follow();
