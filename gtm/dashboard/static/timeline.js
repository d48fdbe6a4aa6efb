// What happened, newest first: verdicts, overrides, reloads and alerts of /v1/history, and epochs as
// they come. Filters are by kind and by a word; times are how long ago, and exact.

import { causes } from "./causes.js";
import { fill, h } from "./h.js";
import { mark } from "./marks.js";
import { moment, short } from "./measures.js";
import { ago, clockSeconds, counted, listed } from "./words.js";

const LIMIT = 300; // events read
const PAGE = 40; // lines shown at first, and more at each asking
const SOON = 300; // milliseconds in which several live events are one reading

const GROUPS = {
  verdicts: ["endpoint", "service", "region", "all_down", "frozen"],
  overrides: ["override"],
  files: ["reload"],
  warnings: ["stale", "certificate", "capacity", "signatures"],
  epochs: ["epoch"],
};

/** Mounts the timeline; returns what takes it away. */
export function mount(root, store, api) {
  const view = { events: [], epochs: [], on: new Set(["verdicts", "overrides", "files", "warnings"]), word: "", shown: PAGE, since: 0, unfolded: new Set() };
  const list = h("ol", { class: "timeline" });
  const note = h("p", { class: "panel-error", role: "status", hidden: true });
  const more = h("button", { type: "button", class: "button more", hidden: true, onclick: () => { view.shown += PAGE; show(); } });
  const search = h("input", {
    type: "search", placeholder: "region, service, reason …", "aria-label": "Only what contains this word", autocomplete: "off",
    oninput: () => { view.word = search.value.trim().toLowerCase(); view.shown = PAGE; show(); },
  });
  const kinds = h("div", { class: "chips", role: "group", "aria-label": "Kinds shown" },
    ...Object.keys(GROUPS).map((name) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(view.on.has(name)), onclick: (event) => toggle(name, event.currentTarget),
    }, name)));
  fill(root, h("header", { class: "panel-head" }, h("h2", {}, "What happened")),
    h("div", { class: "panel-tools" }, kinds, search), note,
    h("div", { class: "scroll timeline-scroll", tabindex: "0", role: "region", "aria-label": "What happened, newest first" }, list, more));

  function toggle(name, button) {
    if (!view.on.delete(name)) view.on.add(name);
    button.setAttribute("aria-pressed", String(view.on.has(name)));
    view.shown = PAGE;
    show();
  }

  async function read() {
    try {
      const found = await api.get("/v1/history", { limit: LIMIT });
      view.events = found.events;
      const trouble = [found.damage && `when the server started, ${found.damage}`, found.unsaved && `it can't be saved: ${found.unsaved}`];
      say(trouble.filter(Boolean).join("; "));
      show();
    } catch (error) {
      say(error.message);
    }
  }

  function say(text) {
    note.hidden = !text;
    note.textContent = text;
  }

  function show() {
    const all = [...view.events, ...(view.on.has("epochs") ? view.epochs : [])].sort((one, other) => other.at - one.at);
    const found = causes(all.filter(wanted));
    const now = store.get("second") ?? Date.now() / 1000;
    const lines = [];
    let day = new Date(now * 1000).toDateString();
    const zones = (store.get("status")?.zones.length ?? 0) > 1;
    for (const group of found.slice(0, view.shown)) {
      const its = new Date(group.lead.at * 1000).toDateString();
      if (its !== day) lines.push(h("li", { class: "timeline-day" }, (day = its)));
      lines.push(entry(group, now, zones, view.unfolded));
    }
    if (!lines.length) lines.push(h("li", { class: "empty" }, empty(all.length)));
    fill(list, lines);
    more.hidden = found.length <= view.shown;
    more.textContent = `show ${Math.min(PAGE, found.length - view.shown)} more of ${counted(found.length, "event")}`;
  }

  function empty(all) {
    if (view.word) return `nothing with “${view.word}” in it`;
    return all ? "nothing of these kinds" : "nothing happened yet: all is as it was when the server started";
  }

  function wanted(event) {
    const group = Object.keys(GROUPS).find((name) => GROUPS[name].includes(event.kind)) ?? "warnings";
    if (!view.on.has(group)) return false;
    return !view.word || text(event).includes(view.word);
  }

  // Ages go on without anything new.
  function age() {
    const now = store.get("second");
    if (!now || document.hidden) return;
    for (const element of list.querySelectorAll("[data-at]")) {
      const words = ago(Number(element.dataset.at), now);
      if (element.textContent !== words) element.textContent = words;
    }
  }

  let waiting = null;
  const soon = () => { waiting ??= setTimeout(() => { waiting = null; void read(); }, SOON); };
  const offs = [
    store.subscribe("events", (events) => {
      for (const event of events ?? []) {
        if (event.at <= view.since) break;
        if (event.kind === "epoch") published(event);
      }
      if (events?.length) view.since = Math.max(view.since, events[0].at ?? 0);
      soon();
    }),
    store.subscribe("connection", (connection) => connection?.state === "live" && soon()),
    store.subscribe("second", age),
  ];

  // Epochs come in bursts: those of the same minute are one line.
  function published(event) {
    const last = view.epochs[0];
    if (last && event.at - last.first < 60) {
      if (event.epoch > last.to) Object.assign(last, { to: event.epoch, at: event.at });
    } else {
      view.epochs.unshift({ kind: "epoch", at: event.at, first: event.at, from: event.epoch, to: event.epoch });
      view.epochs.length = Math.min(view.epochs.length, LIMIT);
    }
  }

  void read();
  return () => {
    for (const off of offs) off();
    clearTimeout(waiting);
    root.replaceChildren();
  };
}

// What came of one cause is one entry, and unfolds.
function entry({ lead, rest }, now, zones, unfolded) {
  const element = line(lead, now, zones);
  if (!rest.length) return element;
  const key = `${lead.key} ${lead.at}`;
  const details = h("details", { class: "timeline-rest", open: unfolded.has(key) },
    h("summary", {}, `with ${kindsOf(rest)}`),
    h("ul", {}, rest.map((event) => h("li", {}, h("b", {}, bareNames(event.said, event)), " ", h("span", { class: "timeline-why" }, event.reason)))));
  details.addEventListener("toggle", () => (details.open ? unfolded.add(key) : unfolded.delete(key)));
  element.lastChild.append(details);
  return element;
}

function kindsOf(events) {
  const words = { endpoint: "endpoint", service: "service", region: "region" };
  const parts = Object.entries(words).map(([kind, word]) => [events.filter((event) => event.kind === kind).length, word]);
  return listed(parts.filter(([number]) => number).map(([number, word]) => counted(number, word)));
}

function line(event, now, zones) {
  const tone = toneOf(event);
  const said = event.kind === "epoch" ? epochs(event) : event.said;
  const by = event.by && event.by !== "probe" ? h("span", { class: "timeline-by" }, event.by) : null;
  return h("li", { class: `timeline-line tone-${tone}` },
    h("span", { class: "timeline-when" }, moment(event.at, clockSeconds(event.at)),
      h("span", { class: "timeline-ago", "data-at": event.at }, ago(event.at, now))),
    h("span", { class: "timeline-shape" }, mark(shapeOf(event, tone)), h("span", { class: "hidden-words" }, `${tone}: `)),
    h("span", { class: "timeline-what" },
      h("b", {}, bareNames(said, event)), event.reason ? h("span", { class: "timeline-why" }, event.reason) : null, by,
      event.zone && zones ? h("span", { class: "timeline-zone" }, event.zone) : null));
}

// "orders" says as much as "orders.gtm.example.com": the zone stands beside it where there are several.
function bareNames(said, event) {
  return event.service ? said.replace(event.service, short(event.service, event.zone)) : said;
}

function epochs(event) {
  return event.from === event.to ? `epoch ${event.to} is in force` : `epochs ${event.from} to ${event.to} were in force in turn`;
}

/** What an event means for who reads it: good, bad, or to know. */
export function toneOf(event) {
  if (event.kind === "epoch") return "quiet";
  if (event.over) return "good";
  if (event.severity === "critical") return "bad";
  return event.severity === "warning" ? "warn" : "quiet";
}

function shapeOf(event, tone) {
  if (event.after === "drained" || event.kind === "override") return event.over ? "up" : "drained";
  return { good: "up", bad: "down", warn: event.after === "down" ? "down" : "unknown", quiet: "note" }[tone];
}

function text(event) {
  return [event.said, event.reason, event.by, event.zone, event.app, event.service, event.region, event.endpoint, event.epoch]
    .join(" ").toLowerCase();
}
