// The list of apps and services: worst first to see, searchable, drawn only as far as it is in view.

import { fill, h } from "./h.js";
import { mark, stateOf } from "./marks.js";
import { address } from "./selection.js";
import { worst } from "./situation.js";
import { shortName } from "./words.js";

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
    fill(toggle, selection ? [selection.app, selection.service && ` / ${shortName(selection.service, selection.zone)}`] : "Services");
  }

  function showChosen() {
    const { zone, app, service } = store.get("selection") ?? {};
    const place = view.rows.findIndex(({ selection: one }) => one && one.zone === zone && one.app === app && one.service === service);
    if (place >= 0 && isHidden(place)) list.scrollTop = place * ROW - list.clientHeight / 3;
    draw();
  }

  function isHidden(place) {
    return place * ROW < list.scrollTop || (place + 1) * ROW > list.scrollTop + list.clientHeight;
  }

  function bring(place) {
    const top = place * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
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
    bring(place);
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
    store.subscribe("search", (words) => { view.active = -1; list.scrollTop = 0; filter(); if (!words) showChosen(); }),
    store.subscribe("selection", showChosen),
    store.subscribe("entered", ({ how }) => {
      if (how === "Enter") {
        pick(view.rows.find((row) => row.leaf) ?? view.rows[0]);
        store.set("search", "");
      }
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
          kind: "service", name: shortName(service.name, zone.name), text: `${text} ${service.name}`.toLowerCase(), leaf: spread,
          ...tally(service.regions), selection: { zone: zone.name, app: app.name, service: service.name },
        });
      }
    }
  }
  return rows;
}

/** The worst state, and how many are up; with no verdicts, as where only names were fetched, up. */
function tally(verdicts) {
  const up = verdicts.filter((one) => stateOf(one) === "up").length;
  return { worst: worst(verdicts), up, of: verdicts.length };
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
  const words = row.of ? `${row.name}: ${row.up} of ${row.of} regions up` : `${row.name}: up`;
  return h("div", {
    class: `row row-${row.kind}${chosen ? " is-chosen" : ""}${place === view.active ? " is-active" : ""}`,
    id: `row-${place}`, role: "option", style: at, title: row.name, "aria-label": words,
    "aria-selected": String(Boolean(chosen)), "aria-posinset": place + 1, "aria-setsize": view.rows.length,
    onclick: () => { view.active = place; pick(row); },
  }, mark(row.worst), h("span", { class: "row-name" }, row.name),
    h("span", { class: `row-up${row.up < row.of ? ` is-short state-${row.worst}` : ""}` }, row.of ? `${row.up}/${row.of}` : ""));
}
