// What the server does over time: queries by rcode, how long answers take, answers by region.

import { chart } from "./chart.js";
import { h } from "./h.js";
import { regionColour, regionsOf } from "./marks.js";
import { microseconds, rate } from "./measures.js";

const RANGES = [[900, "15 min"], [86400, "24 h"]];
const FRESH = 60_000; // milliseconds between two whole readings; live events fill the time between
const RCODES = {
  NOERROR: "var(--rcode-noerror)", NXDOMAIN: "var(--rcode-nxdomain)", SERVFAIL: "var(--rcode-servfail)",
  REFUSED: "var(--rcode-refused)", FORMERR: "var(--rcode-formerr)",
};
const OTHER = "var(--rcode-other)";

/** Mounts the charts; returns what takes them away. */
export function mount(root, store, api) {
  const charts = {
    queries: chart({ title: "Queries a second, by response", format: rate, stacked: true }),
    latency: chart({ title: "Time to answer", format: microseconds, stacked: false }),
    regions: chart({ title: "Answers a second, by region", format: rate, stacked: true }),
  };
  let seconds = RANGES[0][0];
  let traffic = null;
  const error = h("p", { class: "panel-error", role: "status", hidden: true });
  const choice = h("div", { class: "chips", role: "group", "aria-label": "Time shown" },
    ...RANGES.map(([length, words]) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(length === seconds), "data-seconds": length,
      onclick: () => choose(length),
    }, words)));
  root.append(
    h("header", { class: "panel-head" }, h("h2", {}, "Traffic"), choice), error,
    h("div", { class: "charts" }, ...Object.values(charts).map((each) => each.root)),
  );

  function choose(length) {
    seconds = length;
    for (const button of choice.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.seconds) === length));
    }
    void read();
  }

  async function read() {
    const asked = seconds;
    try {
      const found = await api.get("/v1/traffic", { seconds: asked });
      if (asked !== seconds) return;
      traffic = found;
      error.hidden = true;
      show();
    } catch (reason) {
      error.hidden = false;
      error.textContent = reason.message;
    }
  }

  function show() {
    const { at } = traffic;
    charts.queries.show(at, byRcode(traffic));
    charts.latency.show(at, [
      { name: "p50", colour: "var(--p50)", values: traffic.p50_us },
      { name: "p90", colour: "var(--p90)", values: traffic.p90_us },
      { name: "p99", colour: "var(--p99)", values: traffic.p99_us },
    ]);
    charts.regions.show(at, byRegion(traffic, store.get("status")));
  }

  const off = store.subscribe("tick", (event) => {
    if (!event || !traffic || seconds !== RANGES[0][0]) return;
    append(traffic, event, seconds);
    if (!document.hidden) show();
  });
  const timer = setInterval(() => !document.hidden && void read(), FRESH);
  const recolour = store.subscribe("status", () => traffic && !document.hidden && charts.regions.show(traffic.at, byRegion(traffic, store.get("status"))));
  void read();
  return () => {
    off();
    recolour();
    clearInterval(timer);
    for (const each of Object.values(charts)) each.destroy();
    root.replaceChildren();
  };
}

/** Series of rcodes that were seen at all, NOERROR first. */
export function byRcode(traffic) {
  return Object.entries({ NOERROR: traffic.at.map(() => 0), ...traffic.rcodes })
    .filter(([rcode, values]) => rcode === "NOERROR" || values.some((value) => value))
    .sort(([one], [other]) => order(one) - order(other) || one.localeCompare(other))
    .map(([name, values]) => ({ name, colour: RCODES[name] ?? OTHER, values }));
}

function order(rcode) {
  const index = Object.keys(RCODES).indexOf(rcode);
  return index < 0 ? RCODES.length : index;
}

function byRegion(traffic, status) {
  const names = [...new Set((status?.zones ?? []).flatMap(regionsOf))];
  const idle = Object.fromEntries(names.map((name) => [name, traffic.at.map(() => 0)]));
  return Object.entries({ ...idle, ...traffic.regions })
    .filter(([name, values]) => names.includes(name) || values.some((value) => value))
    .sort(([one], [other]) => names.indexOf(one) - names.indexOf(other))
    .map(([name, values]) => ({ name, colour: colours(status, name), values }));
}

// A region has the colour that it has in the first zone with it.
function colours(status, name) {
  const zone = status?.zones.find((one) => regionsOf(one).includes(name));
  return regionColour(zone ? regionsOf(zone) : [], name);
}

/** Puts a live second behind what was read, and lets the oldest go. Changes `traffic`. */
export function append(traffic, event, seconds) {
  const { at } = traffic;
  if (at.length && event.at <= at.at(-1)) return;
  grow(traffic.rcodes, event.rcodes ?? {}, at.length);
  traffic.regions ??= {};
  grow(traffic.regions, event.regions ?? {}, at.length);
  at.push(event.at);
  for (const key of ["queries", "p50_us", "p90_us", "p99_us"]) traffic[key].push(event[key] ?? null);
  while (at.length && at[0] < event.at - seconds) {
    at.shift();
    for (const key of ["queries", "p50_us", "p90_us", "p99_us"]) traffic[key].shift();
    for (const each of [...Object.values(traffic.rcodes), ...Object.values(traffic.regions)]) each.shift();
  }
}

function grow(table, values, length) {
  for (const name of Object.keys(values)) table[name] ??= new Array(length).fill(0);
  for (const [name, list] of Object.entries(table)) list.push(values[name] ?? 0);
}
