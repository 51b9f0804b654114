"use strict";
// Tables: sort by a click on a header (up, down, as it was), filter by words; footnotes open and show on hover.
for (const table of document.querySelectorAll("main table")) {
  const body = table.tBodies[0];
  const asItWas = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const key = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : null;
  };
  const compare = (column, numeric) => (a, b) => {
    if (!numeric) return a.cells[column].textContent.localeCompare(b.cells[column].textContent, "en", { numeric: true });
    return key(a, column) - key(b, column);
  };
  headers.forEach((header, column) => {
    header.querySelector("button").addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[header.ariaSort || "none"];
      for (const other of headers) other.setAttribute("aria-sort", "none");
      header.setAttribute("aria-sort", next);
      if (next === "none") return body.append(...asItWas);
      const numeric = asItWas.some((row) => key(row, column) !== null);
      const without = numeric ? asItWas.filter((row) => key(row, column) === null) : [];
      const rows = asItWas.filter((row) => !without.includes(row)).sort(compare(column, numeric));
      if (next === "descending") rows.reverse();
      body.append(...rows, ...without);
    });
  });
  const input = table.closest(".table").querySelector("input");
  if (!input) continue;
  const told = table.closest(".table").querySelector("output");
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of asItWas) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = shown === asItWas.length ? `${shown} rows` : `${shown} of ${asItWas.length} rows`;
  });
}
const tip = document.getElementById("tip");
const show = (mark) => {
  tip.textContent = mark.dataset.note;
  tip.hidden = false;
  const at = mark.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left), innerWidth - tip.offsetWidth - 8);
  const below = at.bottom + 8 + tip.offsetHeight < innerHeight;
  tip.style.left = `${left}px`;
  tip.style.top = `${below ? at.bottom + 8 : at.top - tip.offsetHeight - 8}px`;
};
for (const mark of document.querySelectorAll("a.mark")) {
  mark.dataset.note = mark.title;
  mark.setAttribute("aria-describedby", "tip");
  mark.removeAttribute("title");
  for (const event of ["mouseenter", "focus"]) mark.addEventListener(event, () => show(mark));
  for (const event of ["mouseleave", "blur"]) mark.addEventListener(event, () => { tip.hidden = true; });
}
addEventListener("keydown", (event) => { if (event.key === "Escape") tip.hidden = true; });
const open = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = target && target.closest("details");
  if (closed && !closed.open) { closed.open = true; target.scrollIntoView(); }
};
addEventListener("hashchange", open);
open();
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
if (matchMedia("(max-width: 1199px)").matches) document.querySelector("nav details").open = false;
// Pictures: drawn in the place of their stills, each when it comes near the screen.
const dark = matchMedia("(prefers-color-scheme: dark)");
const draw = (figure) => {
  const place = figure.querySelector(".chart > div");
  const { data, layout, config, themes } = JSON.parse(figure.querySelector("script").textContent);
  figure.classList.add("drawn");
  const paint = () => Plotly.relayout(place, dark.matches ? themes.dark : themes.light);
  Plotly.newPlot(place, data, layout, config).then(paint).then(() => { figure.dataset.ready = "yes"; });
  dark.addEventListener("change", paint);
};
const pictures = [...document.querySelectorAll("figure")].filter((figure) => figure.querySelector(".chart"));
if (pictures.length && window.Plotly) {
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "400px" });
  pictures.forEach((figure) => seen.observe(figure));
}
