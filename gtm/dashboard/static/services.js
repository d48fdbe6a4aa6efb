// The list of apps and services: worst first to see, searchable, drawn only as far as it is in view.

import { fill, h } from "./h.js";
import { mark, stateOf } from "./marks.js";
import { address } from "./selection.js";

const ROW = 34; // px, as app.css has it
const MARGIN = 12; // rows drawn beyond what is in view

export function mount(root, store) {
  const view = { rows: [], all: [], onlyTrouble: false, active: -1 };
  const list = h("div", { class: "rail-list", id: "services-list", role: "listbox", tabindex: "0", "aria-label": "Apps and services" });
  const space = h("div", { class: "rail-space", role: "presentation" });
  const everything = h("button", { type: "button", class: "chip", onclick: () => show(false) });
  const trouble = h("button", { type: "button", class: "chip", onclick: () => show(true) });
  const toggle = h("button", { type: "button", class: "rail-toggle", "aria-expanded": "false", "aria-controls": "services-list", onclick: () => open(!root.classList.contains("is-open")) });
  list.append(space);
  root.append(toggle, h("div", { class: "rail-head" }, everything, trouble), list);

  function open(is) {
    root.classList.toggle("is-open", is);
    toggle.setAttribute("aria-expanded", String(is));
  }

  function show(onlyTrouble) {
    view.onlyTrouble = onlyTrouble;
    list.scrollTop = 0;
    filter();
  }

  function gather() {
    view.all = rowsOf(store.get("status"));
    filter();
  }

  function filter() {
    const words = (store.get("search") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const troubled = view.all.filter((row) => row.worst && row.worst !== "up");
    view.rows = matching(view.onlyTrouble ? troubled : view.all, words);
    const leaves = (rows) => rows.filter((row) => row.leaf).length;
    fill(everything, "All ", h("b", {}, leaves(view.all).toLocaleString("en")));
    fill(trouble, "Not up ", h("b", {}, leaves(troubled).toLocaleString("en")));
    everything.setAttribute("aria-pressed", String(!view.onlyTrouble));
    trouble.setAttribute("aria-pressed", String(view.onlyTrouble));
    view.active = Math.min(view.active, view.rows.length - 1);
    draw();
  }

  function draw() {
    const from = Math.max(0, Math.floor(list.scrollTop / ROW) - MARGIN);
    const to = Math.min(view.rows.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + MARGIN);
    const selection = store.get("selection");
    space.style.setProperty("height", `${view.rows.length * ROW}px`);
    const drawn = [];
    for (let place = from; place < to; place += 1) drawn.push(element(view, place, selection, pick));
    fill(space, drawn, view.rows.length === 0 && h("p", { class: "rail-none" }, none(view, store)));
    list.toggleAttribute("aria-activedescendant", false);
    if (view.active >= from && view.active < to) list.setAttribute("aria-activedescendant", `row-${view.active}`);
    fill(toggle, selection ? [selection.app, selection.service && ` / ${selection.service}`] : "Services");
  }

  function pick(row) {
    if (!row?.selection) return;
    location.hash = address(row.selection);
    open(false);
  }

  function move(step) {
    let place = view.active + step;
    while (view.rows[place] && !view.rows[place].selection) place += step;
    if (!view.rows[place]) return;
    view.active = place;
    const top = place * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
    draw();
  }

  list.addEventListener("scroll", draw, { passive: true });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); move(step); }
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(view.rows[view.active]); }
  });
  const watcher = new ResizeObserver(draw);
  watcher.observe(list);
  const stops = [
    store.watch("status", gather),
    store.subscribe("search", () => { view.active = -1; list.scrollTop = 0; filter(); }),
    store.subscribe("selection", draw),
    store.subscribe("entered", ({ how }) => {
      if (how === "Enter") pick(view.rows.find((row) => row.leaf));
      else { view.active = -1; list.focus(); move(1); }
    }),
    () => watcher.disconnect(),
  ];
  return () => stops.forEach((stop) => stop());
}

/** All rows: zones as headings (where there are several), apps, services. */
export function rowsOf(status) {
  const rows = [];
  for (const zone of status?.zones ?? []) {
    if (status.zones.length > 1) rows.push({ kind: "zone", name: zone.name, text: zone.name });
    for (const app of zone.apps) {
      const spread = app.topology === "spread";
      const text = `${zone.name} ${app.name}`.toLowerCase();
      const verdicts = spread ? app.services.flatMap((one) => one.regions) : app.regions;
      rows.push({
        kind: "app", name: app.name, text, leaf: !spread, note: spread ? "" : `${app.services.length} together`,
        ...tally(verdicts), selection: { zone: zone.name, app: app.name, service: spread ? (app.services[0]?.name ?? "") : "" },
      });
      for (const service of app.services) {
        rows.push({
          kind: "service", name: service.name, text: `${text} ${service.name}`.toLowerCase(), leaf: spread,
          ...tally(service.regions), selection: { zone: zone.name, app: app.name, service: service.name },
        });
      }
    }
  }
  return rows;
}

function tally(verdicts) {
  const states = verdicts.map(stateOf);
  const worst = ["down", "drained", "unknown", "up"].find((state) => states.includes(state)) ?? "unknown";
  return { worst, up: states.filter((state) => state === "up").length, of: states.length };
}

function matching(rows, words) {
  if (words.length === 0) return rows;
  return rows.filter((row) => row.selection && words.every((word) => row.text.includes(word)));
}

function none(view, store) {
  if (store.get("search")) return `Nothing is called “${store.get("search")}”.`;
  return view.onlyTrouble ? "Everything is up." : "No apps in the zones.";
}

function element(view, place, selection, pick) {
  const row = view.rows[place];
  const at = { "--top": `${place * ROW}px` };
  if (row.kind === "zone") {
    return h("div", { class: "row row-zone", style: at, role: "option", "aria-disabled": "true", "aria-selected": "false" }, row.name);
  }
  const chosen = selection && row.selection.zone === selection.zone && row.selection.app === selection.app
    && (row.selection.service === selection.service && (row.kind === "service" || row.leaf));
  const words = `${row.name}: ${row.up} of ${row.of} regions up`;
  return h("div", {
    class: `row row-${row.kind}${chosen ? " is-chosen" : ""}${place === view.active ? " is-active" : ""}`,
    id: `row-${place}`, role: "option", style: at, title: row.name, "aria-label": words,
    "aria-selected": String(Boolean(chosen)), "aria-posinset": place + 1, "aria-setsize": view.rows.length,
    onclick: () => { view.active = place; pick(row); },
  }, mark(row.worst), h("span", { class: "row-name" }, row.name),
    h("span", { class: `row-up${row.up < row.of ? " is-short" : ""}` }, `${row.up}/${row.of}`));
}
