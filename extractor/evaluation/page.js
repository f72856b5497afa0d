"use strict";
// What is shown stands in the address after "#": a view, and after "?" its filters or the report and fact. So every state is a link.
const one = (query, within = document) => within.querySelector(query);
const all = (query, within = document) => [...within.querySelectorAll(query)];
const VIEWS = ["figures", "errors", "text"];
const filters = one("#filters"), reading = one("#reading");

function asked() {
  const [view, query = ""] = location.hash.slice(1).split("?");
  return { view: VIEWS.includes(view) ? view : "figures", query: new URLSearchParams(query) };
}

function show() {
  const { view, query } = asked();
  for (const name of VIEWS) one(`#view-${name}`).hidden = name !== view;
  for (const link of all(".top nav a")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.documentElement.dataset.view = view;
  if (view === "errors") showErrors(query);
  if (view === "text") showText(query);
  if (!query.has("fact")) scrollTo(0, 0);
}

// Errors -----------------------------------------------------------------------------------------------------------------------

function showErrors(query) {
  for (const field of all("[name]", filters)) field.value = query.get(field.name) ?? "";
  filterErrors();
}

function filterErrors() {
  const wanted = new FormData(filters), words = wanted.get("words").trim().toLowerCase();
  const fields = ["type", "kind", "key", "report"].filter((name) => wanted.get(name));
  const items = all("#errors-list > li");
  let shown = 0;
  for (const item of items) {
    const fits = fields.every((name) => item.dataset[name] === wanted.get(name)) && (!words || item.textContent.toLowerCase().includes(words));
    item.hidden = !fits;
    shown += fits;
  }
  one("#shown").textContent = shown === items.length ? `${shown} errors` : `${shown} of ${items.length} errors`;
  one("#no-errors").hidden = shown > 0;
}

function rememberFilters() {
  const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
  history.replaceState(null, "", query.size ? `#errors?${query}` : "#errors");
  filterErrors();
}

filters.addEventListener("input", rememberFilters);
filters.addEventListener("reset", () => setTimeout(rememberFilters));
filters.addEventListener("submit", (event) => event.preventDefault());

// Texts ------------------------------------------------------------------------------------------------------------------------

function current() {
  return all(".report").find((report) => !report.hidden);
}

function showText(query) {
  const reports = all(".report");
  const report = reports.find((r) => r.dataset.report === query.get("report")) ?? current() ?? reports[0];
  if (!report) return;
  for (const other of reports) other.hidden = other !== report;
  reading.elements.report.value = report.dataset.report;
  choose(report, query.get("fact"));
}

function choose(report, fact) {
  const chosen = one(".chosen", report);
  for (const span of all(".s.on", report)) span.classList.remove("on");
  for (const link of all(".todo a", report)) {
    if (link.dataset.fact === fact) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (fact === null) return;
  const spans = all(".s[data-pairs]", report);
  const of = (span) => span.dataset.pairs.split(" ");
  const marked = spans.filter((span) => of(span).includes(fact));
  for (const span of marked) span.classList.add("on");
  // A word may name several facts: all of them are compared, the one asked for first.
  const clicked = spans.includes(document.activeElement) ? document.activeElement : null;
  const numbers = [...new Set([fact, ...(clicked ? of(clicked) : [])])];
  const cards = numbers.map((number) => one(`.cards .pair[data-pair="${CSS.escape(number)}"]`, report)).filter(Boolean);
  chosen.replaceChildren(...cards.map((card) => card.cloneNode(true)));
  chosen.parentElement.scrollTop = 0;
  if (clicked) {
    const partner = marked.find((span) => span.closest("p") !== clicked.closest("p"));
    partner?.scrollIntoView({ block: "nearest" });
  } else {
    marked[0]?.scrollIntoView({ block: "center" });
  }
  one('.todo a[aria-current="true"]', report)?.scrollIntoView?.({ block: "nearest" });
}

function filterSpans() {
  const types = new Set(new FormData(reading).getAll("type")), errorsOnly = reading.elements["only-errors"].checked;
  for (const span of all(".s[data-types]")) {
    const off = !span.dataset.types.split("|").some((type) => types.has(type)) || (errorsOnly && span.classList.contains("right"));
    span.classList.toggle("off", off);
    span.tabIndex = off ? -1 : 0;
  }
  for (const item of all(".todo > li")) item.hidden = !types.has(item.dataset.type);
}

function step(by) {
  const report = current();
  const facts = [...new Set(all(".todo > li:not([hidden]) a", report).map((link) => link.dataset.fact))];
  if (!facts.length) return;
  const here = facts.indexOf(asked().query.get("fact"));
  const next = here < 0 ? (by > 0 ? 0 : facts.length - 1) : (here + by + facts.length) % facts.length;
  location.hash = `text?${new URLSearchParams({ report: report.dataset.report, fact: facts[next] })}`;
}

reading.addEventListener("change", (event) => {
  if (event.target.name === "report") location.hash = `text?${new URLSearchParams({ report: event.target.value })}`;
  else filterSpans();
});
reading.addEventListener("submit", (event) => event.preventDefault());
for (const button of all("[data-step]", reading)) button.addEventListener("click", () => step(Number(button.dataset.step)));

// Tables -----------------------------------------------------------------------------------------------------------------------

for (const table of all("table.sortable")) {
  all("thead th", table).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending" || (column > 0 && !head.hasAttribute("aria-sort"));
      for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].textContent.trim();
      const order = (a, b) => (column ? (parseFloat(value(a)) || 0) - (parseFloat(value(b)) || 0) : value(a).localeCompare(value(b)));
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort((a, b) => (down ? order(b, a) : order(a, b))));
    });
  });
}

addEventListener("hashchange", show);
show();
