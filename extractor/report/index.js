"use strict";
// Every word must stand in a case; what is looked for stands in the address, so that it can be passed on.
const find = document.querySelector("#find"), cases = [...document.querySelectorAll(".cards li")];
function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let number = 0;
  for (const each of cases) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word));
    number += !each.hidden;
  }
  document.querySelector("#shown").textContent = number === cases.length ? `${number} cases` : `${number} of ${cases.length} cases`;
  document.querySelector("#none").hidden = number > 0;
}
find.addEventListener("input", () => {
  history.replaceState(null, "", find.value ? `#${encodeURIComponent(find.value)}` : location.pathname);
  filter();
});
find.form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== find) { event.preventDefault(); find.focus(); }
});
function follow() {
  try { find.value = decodeURIComponent(location.hash.slice(1)); } catch { find.value = ""; }
  filter();
}
addEventListener("hashchange", follow);
follow();
