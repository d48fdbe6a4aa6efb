// The five-second summary: what is wrong in sentences, or that nothing is; counts; the tab's title.

import { isStale } from "./bar.js";
import { room } from "./capacity.js";
import { clientsKnown } from "./clients.js";
import { fill, h, keeping, s } from "./h.js";
import { createLasting } from "./lasting.js";
import { mark } from "./marks.js";
import { address } from "./selection.js";
import { counts, situation, units } from "./situation.js";
import { clockSeconds, count, counted, percent, span } from "./words.js";

const MOST = 6; // statements shown before "more"

export function mount(root, store, api) {
  const words = h("div", { class: "summary-words", role: "status" });
  const numbers = h("dl", { class: "summary-numbers" });
  const lost = h("p", { class: "summary-lost", role: "alert", hidden: true });
  root.append(lost, words, numbers);
  const lasting = createLasting();
  let all = false;
  let told = null; // the status as it is told of
  const clients = clientsKnown(store, api, () => show());

  function show() {
    const status = store.get("status");
    if (!status) return;
    if (told?.of !== status) told = { of: status, status: lasting(status) };
    clients.begin();
    const found = situation(told.status, clients.of);
    clients.end();
    const level = levelOf(found);
    root.dataset.level = level;
    const shown = all ? found : found.slice(0, MOST);
    const more = found.length - shown.length;
    const texts = level === "calm" || level === "note" ? [calm(status, found.some((one) => one.state === "drained")), ...shown.map(statement)] : shown.map(statement);
    const rest = (more > 0 || all) && h("button", { type: "button", class: "link-button", onclick: () => { all = !all; show(); } }, all ? "Show fewer" : `${more} more`);
    replace(words, h("ul", { class: "statements" }, texts), rest);
    tellTab(level, found);
  }

  // An old "everything is up" must not be read as one of now.
  function silence() {
    const stale = isStale(store) && store.get("seen") !== null && store.get("status") !== null;
    if (stale === !lost.hidden) return;
    lost.hidden = !stale;
    if (!stale) return show();
    const heard = clockSeconds(store.get("seen"));
    fill(lost, mark("unknown"), h("span", {}, h("b", {}, `No word from the server since ${heard}`), ": what follows is how it was then. This page goes on trying."));
    tell(`? no word since ${heard} · gtm`, "unknown");
    return undefined;
  }

  const stops = [
    store.watch("status", show),
    store.subscribe("epoch", show),
    store.subscribe(["second", "seen"], silence),
    store.watch(["status", "tick"], () => fill(numbers, tiles(store))),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Draws only what reads differently: a screen reader is not told the same again each time. */
function replace(root, ...children) {
  const made = h("div", {}, ...children);
  if (root.firstChild?.isEqualNode?.(made) && made.querySelector("button") === null) return;
  keeping(root, () => fill(root, made));
}

function levelOf(found) {
  return found.find((one) => one.level !== "fine")?.level ?? "calm";
}

function statement(one) {
  const body = one.words.map((word) => (typeof word === "string" ? unbroken(word) : h("b", { class: word.b.length < 30 ? "whole" : null }, word.b)));
  const text = one.unit ? h("a", { class: "statement-link", href: address(one.unit), dataset: { key: `${one.head} ${address(one.unit)}` } }, body) : h("span", {}, body);
  return h("li", { class: `statement statement-${one.level}` }, sign(one.state), text);
}

/** Keeps a number and its unit on one line. */
function unbroken(text) {
  return text.replace(/(\d) (%|d|h|min|s|ms)\b/g, "$1\u00a0$2").replace(/(\d) %/g, "$1\u00a0%");
}

function sign(state) {
  if (state !== "warn" && state !== "note") return mark(state);
  return s("svg", { class: `mark mark-${state}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", { d: "M8 .8L15.2 8 8 15.2.8 8z" }), s("path", { class: "inner", d: "M8 4.6v4M8 11.2v.1" }));
}

function calm(status, drained) {
  const { services } = countsOf(status);
  const total = services.up + services.down + services.drained + services.unknown;
  const regions = new Set(status.zones.flatMap(units).flatMap((one) => one.regions.map((region) => region.region)));
  const words = drained ? "Nothing is down" : "Everything is up";
  return h("li", { class: "statement statement-calm" }, mark("up"), h("span", {}, h("b", {}, words),
    `: ${counted(total, "service")} in ${counted(regions.size, "region")}. Zones were loaded ${unbroken(span(status.now - status.reload.at))} ago.`));
}

function tiles(store) {
  const status = store.get("status");
  if (!status) return [];
  const { services, endpoints, whole } = countsOf(status);
  const all = (one) => one.up + one.down + one.drained + one.unknown;
  const tick = store.get("tick");
  return [
    tile("Services up everywhere", number(services.up), `of ${number(all(services))}`, notUp(services)),
    whole
      ? tile("Endpoints up", number(endpoints.up), `of ${number(all(endpoints))}`, notUp(endpoints))
      : tile("Endpoints not up", number(all(endpoints) - endpoints.up), "", notUp(endpoints)),
    fullest(status),
    tile("Queries a second", tick ? count(tick.queries) : "–", "", tick ? late(tick) : "not measured yet"),
  ];
}

/** The region that is nearest to its capacity; nothing where no region has one. */
function fullest(status) {
  const { top, limited } = room(status);
  if (!top) return limited > 0 ? tile("Fullest region", "–", "", "no load reported") : null;
  const near = top.level !== "fine";
  const name = h("span", { class: near ? `state state-${top.level === "over" ? "down" : "drained"}` : "" }, near && sign("warn"), top.region);
  return tile("Fullest region", percent(top.used), "", [name]);
}

function late(tick) {
  return tick.p99_us === null || tick.p99_us === undefined ? "none to time yet" : `99 % in ${micro(tick.p99_us)}`;
}

const COUNTED = new WeakMap(); // by status: the tiles are drawn each second, a status comes seldom

function countsOf(status) {
  if (!COUNTED.has(status)) COUNTED.set(status, counts(status));
  return COUNTED.get(status);
}

function tile(name, value, of, detail) {
  return h("div", { class: "tile" }, h("dt", {}, name), h("dd", {}, h("b", {}, value), of && h("span", { class: "tile-of" }, ` ${of}`)), h("dd", { class: "tile-more" }, detail));
}

function notUp(tally) {
  return ["down", "drained", "unknown"].filter((state) => tally[state] > 0).map((state) => h("span", { class: `state state-${state}` }, mark(state), `${number(tally[state])} ${state}`));
}

function number(value) {
  return value.toLocaleString("en");
}

function micro(us) {
  if (us < 1000) return `${Math.round(us)} µs`;
  return us < 99_500 ? `${(us / 1000).toFixed(1)} ms` : `${Math.round(us / 1000)} ms`;
}

function tellTab(level, found) {
  const heads = [...new Set(found.filter((one) => one.level === level && one.head).map((one) => one.head))];
  const more = heads.length > 1 ? ` +${heads.length - 1}` : "";
  const sign = { down: "✕", warn: "!" }[level];
  const title = sign && heads[0] ? `${sign} ${heads[0]}${more} · gtm` : "gtm";
  tell(title, { down: "down", warn: "warn" }[level] ?? "calm");
}

/** Sets the tab's title and icon. */
function tell(title, name) {
  if (document.title !== title) document.title = title;
  const icon = document.getElementById("icon");
  const href = icon.href.replace(/[a-z]+\.svg$/, `${name}.svg`);
  if (icon.href !== href) icon.href = href;
}
