// The endpoints of what is selected: which regions take part and why, and in each region every
// endpoint with its verdict, latency and last probes. Apps of ten thousand services are drawn a page
// at a time, and only what changed is drawn anew.

import { mayOperate, openDrain, openUndrain } from "./acts.js";
import { endpointCards } from "./gridcards.js";
import { regionsTable, showAnswers } from "./gridregions.js";
import { fill, h, keeping } from "./h.js";
import { stateOf } from "./marks.js";
import { bare, short } from "./measures.js";
import { probesOf } from "./probes.js";
import { selectedIn } from "./selection.js";
import { ago, counted } from "./words.js";

const PAGE = 25; // services drawn at first, and more at each asking
const OPEN = 3; // an app of so few services has all of them open

/** Mounts the grid; returns what takes it away. */
export function mount(root, store, api) {
  const view = { app: "", word: "", trouble: false, shown: PAGE, open: new Map(), drawn: new Map() };
  const title = h("div", { class: "grid-title" });
  const all = chip("All", () => show(false));
  const trouble = chip("Not up", () => show(true));
  const search = h("input", {
    type: "search", class: "grid-search", placeholder: "service or address", autocomplete: "off",
    "aria-label": "Only services or endpoints that contain this", oninput: () => { view.word = search.value.trim().toLowerCase(); view.shown = PAGE; draw(); },
  });
  const tools = h("div", { class: "panel-tools" }, h("div", { class: "chips", role: "group", "aria-label": "Services shown" }, all, trouble), search);
  const decision = h("div", { class: "grid-decision" });
  const services = h("div", { class: "grid-services" });
  const more = h("button", { type: "button", class: "button more", onclick: () => { view.shown += PAGE; draw(); } });
  const act = { drain: openDrain, undrain: openUndrain };
  fill(root, h("header", { class: "panel-head" }, title, tools), h("div", { class: "panel-body" }, decision, services, more));

  function show(onlyTrouble) {
    view.trouble = onlyTrouble;
    view.shown = PAGE;
    draw();
  }

  function draw() {
    const selection = store.get("selection");
    const { zone, app, service } = selectedIn(store.get("status"), selection);
    root.classList.toggle("is-empty", app === null);
    if (app === null) return;
    if (view.app !== `${zone.name}/${app.name}`) start(`${zone.name}/${app.name}`);
    const context = { zone, app, service, may: mayOperate(store), shares: store.get("tick")?.shares ?? [], act, now: store.get("second") };
    head(context);
    once(decision, "decision", decisionKey(context), () => regionsTable(context));
    showAnswers(decision, context);
    list(context);
  }

  function start(app) {
    Object.assign(view, { app, shown: PAGE, word: "" });
    search.value = "";
    view.open.clear();
    view.drawn.clear();
    fill(services);
  }

  function head({ app, service, zone }) {
    const together = app.topology === "replicated" ? `${counted(app.services.length, "service")}, one decision for all` : "each service by itself";
    fill(title, h("h2", {}, service ? [short(service.name, zone.name), h("span", { class: "quiet" }, ` of ${app.name}`)] : app.name),
      h("p", { class: "quiet" }, `${app.topology}: ${together}; ${service?.policy ?? app.policy}; zone ${bare(zone.name)}`));
    const bad = offered({ app, service }).filter(isTroubled).length;
    all.setAttribute("aria-pressed", String(!view.trouble));
    trouble.setAttribute("aria-pressed", String(view.trouble));
    fill(all, "All ", h("b", {}, offered({ app, service }).length.toLocaleString("en")));
    fill(trouble, "Not up ", h("b", {}, bad.toLocaleString("en")));
    tools.hidden = offered({ app, service }).length < 2;
  }

  function list(context) {
    const found = offered(context).filter((one) => (!view.trouble || isTroubled(one)) && matches(one, view.word));
    const wanted = found.slice(0, view.shown);
    const keep = new Set(wanted.map((one) => one.name));
    for (const element of [...services.children]) {
      if (!keep.has(element.dataset.service)) element.remove();
    }
    wanted.forEach((one, place) => {
      const element = block(one, context, found.length);
      if (services.children[place] !== element) services.insertBefore(element, services.children[place] ?? null);
    });
    if (!wanted.length) fill(services, h("p", { class: "empty" }, view.word ? `Nothing has “${view.word}” in it.` : "Every service is up everywhere."));
    more.hidden = found.length <= view.shown;
    more.textContent = `Show ${Math.min(PAGE, found.length - view.shown)} more of ${counted(found.length, "service")}`;
  }

  function block(service, context, many) {
    let element = [...services.children].find((one) => one.dataset.service === service.name);
    if (!element) {
      element = serviceBlock(service, (open) => { view.open.set(service.name, open); view.drawn.delete(service.name); draw(); });
      element.open = view.open.get(service.name) ?? (many <= OPEN || isTroubled(service));
    }
    const key = JSON.stringify([service, element.open, context.may]);
    const probes = element.open ? probesOf(api, context.zone.name, context.app.name, service.name, draw) : null;
    if (view.drawn.get(service.name) === `${key}${probes?.version}`) return element;
    view.drawn.set(service.name, `${key}${probes?.version}`);
    fill(element.firstChild, summary(service, context.zone));
    keeping(element, () => fill(element.lastChild, element.open ? endpointCards(service, probes, context) : null));
    return element;
  }

  // Draws a part anew if what it is made of changed.
  function once(place, name, key, made) {
    if (view.drawn.get(name) === key) return;
    view.drawn.set(name, key);
    keeping(place, () => fill(place, made()));
  }

  function age() {
    const now = store.get("second");
    for (const element of document.hidden ? [] : root.querySelectorAll("[data-since]")) {
      const words = ago(Number(element.dataset.since), now);
      if (element.textContent !== words) element.textContent = words;
    }
  }

  const offs = [store.subscribe(["status", "selection", "whoami", "tick"], draw), store.subscribe("second", age)];
  draw();
  return () => {
    for (const off of offs) off();
    root.replaceChildren();
  };
}

// A service of a spread app is looked at by itself; of a replicated one, beside the others.
function offered({ app, service }) {
  return service ? [service] : app.services;
}

function isTroubled(service) {
  return service.regions.some((region) => stateOf(region) !== "up" || region.endpoints.some((one) => stateOf(one) !== "up"));
}

function matches(service, word) {
  return !word || service.name.toLowerCase().includes(word)
    || service.regions.some((region) => region.endpoints.some((one) => one.endpoint.includes(word)));
}

function decisionKey({ zone, app, service, may }) {
  const regions = app.topology === "replicated" ? app.regions : service?.regions;
  const slim = regions?.map(({ endpoints, ...rest }) => [rest, endpoints?.length]);
  return JSON.stringify([zone.name, app.name, service?.name, slim, may]);
}

function serviceBlock(service, toggled) {
  const element = h("details", { class: "service", dataset: { service: service.name } },
    h("summary", { dataset: { key: `service-${service.name}` } }), h("div", { class: "service-body" }));
  element.addEventListener("toggle", () => toggled(element.open));
  return element;
}

function summary(service, zone) {
  const endpoints = service.regions.flatMap((region) => region.endpoints);
  const up = endpoints.filter((one) => stateOf(one) === "up").length;
  return [
    h("span", { class: "service-name", title: bare(service.name) }, short(service.name, zone.name)),
    h("span", { class: up < endpoints.length ? "service-up is-short" : "service-up" }, `${up} of ${counted(endpoints.length, "endpoint")} up`),
  ];
}

function chip(words, onclick) {
  return h("button", { type: "button", class: "chip", onclick }, words);
}
