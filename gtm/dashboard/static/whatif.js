// The numbers beside the map: each region with its share and its load against capacity, now and in
// a what-if; and the banner that says in words what would happen. Nothing here changes anything:
// the button leads to the dialog that does.

import { openDrain, openUndrain } from "./acts.js";
import { h } from "./h.js";
import { regionName, stateOf, stateWord } from "./marks.js";
import { flows } from "./mix.js";
import { count, listed, percent } from "./words.js";

/** Whether the caller may drain. */
function mayOperate(store) {
  return Boolean(store.get("whoami")?.scopes.includes("operate"));
}

/** One card for each region of the map. `toggle(name)` switches it off or on in the what-if. */
export function regionNumbers(store, names, toggle) {
  const map = store.get("map");
  if (!map) return h("p", { class: "quiet region-none" }, store.get("mapError") ?? "Asking where clients go …");
  const asked = map.regions.some((one) => isNumber(one.share_if));
  const most = Math.max(1, ...map.regions.flatMap((one) => [one.load, one.load_if].map((load) => (one.capacity && load ? load / one.capacity : 0))));
  const colour = new Map(names.map((name) => [name, regionName(names, name)]));
  return map.regions.map((region) => readout(store, region, colour.get(region.name) ?? region.name, { asked, most, toggle }));
}

function readout(store, region, name, { asked, most, toggle }) {
  const off = store.get("down").includes(region.name);
  const state = stateOf(region);
  const box = h("input", { type: "checkbox", class: "switch", checked: off, dataset: { key: `if-${region.name}` }, onchange: () => toggle(region.name), "aria-label": `What if ${region.name} were off` });
  box.checked = off;
  return h("article", { class: `readout${off ? " is-off" : ""}`, "data-region": region.name, "aria-label": region.name },
    h("header", { class: "readout-head" }, h("h3", {}, name), stateWord(state), shareOf(region, asked)),
    state !== "up" && h("p", { class: "readout-reason", title: region.reason }, region.reason),
    loadBar(region, asked, most),
    h("footer", { class: "readout-foot" }, h("label", { class: "readout-if", title: "What if it is off" }, box, h("span", {}, "What if it is off")), act(store, region, state)));
}

function shareOf(region, asked) {
  const after = asked && isNumber(region.share_if) && Math.abs(region.share_if - region.share) >= 0.0005;
  return h("p", { class: "readout-share", title: "Share of clients" },
    after && h("span", { class: "was" }, percent(region.share), " → "), h("b", {}, percent(after ? region.share_if : region.share)));
}

function act(store, region, state) {
  if (!mayOperate(store)) return null;
  const target = { ...store.get("selection"), region: region.name };
  if (state === "drained") return h("button", { type: "button", class: "link-button", dataset: { key: `map-act-${region.name}` }, onclick: () => openUndrain(target) }, "Undrain…");
  return h("button", { type: "button", class: "link-button", dataset: { key: `map-act-${region.name}` }, onclick: () => openDrain(target) }, "Drain…");
}

/** Load against capacity: what is used now, what would be, and the mark of `soft`. */
function loadBar(region, asked, most) {
  if (!region.capacity) return shareBar(region, asked);
  if (!isNumber(region.load)) return h("p", { class: "readout-load quiet" }, `no load reported; capacity ${count(region.capacity)}`);
  const then = asked && isNumber(region.load_if) ? region.load_if : null;
  const shown = then ?? region.load;
  const used = shown / region.capacity;
  const soft = region.soft ?? 0.8;
  const level = used > 1 ? "over" : used > soft ? "near" : "fine";
  const word = { over: "over capacity", near: `above ${percent(soft)}`, fine: "" }[level];
  const wide = (part) => `${((100 * part) / most).toFixed(2)}%`;
  return h("div", { class: `readout-load load-${level}` },
    h("div", { class: "meter", style: { "--now": wide(region.load / region.capacity), "--then": wide(used), "--soft-at": wide(soft), "--full": wide(1) }, "aria-hidden": "true" },
      h("i", { class: "meter-room" }),
      then !== null && then > region.load && h("i", { class: "meter-then" }),
      h("i", { class: then !== null && then < region.load ? "meter-now is-less" : "meter-now" }),
      then !== null && then < region.load && h("i", { class: "meter-left" }),
      h("i", { class: "meter-soft" }), h("i", { class: "meter-full" })),
    h("p", { class: "readout-numbers" },
      h("span", {}, then !== null && h("span", { class: "was" }, count(region.load), " → "), h("b", {}, count(shown)), ` of ${count(region.capacity)}`),
      h("span", { class: "readout-used" }, word && h("span", { class: "load-word" }, word), h("b", {}, percent(used)))));
}

/** The share of clients, where there is no capacity to hold load against. */
function shareBar(region, asked) {
  const [now, then] = [region.share, asked && isNumber(region.share_if) ? region.share_if : region.share];
  const wide = (part) => `${(100 * part).toFixed(2)}%`;
  return h("div", { class: "readout-load" },
    h("div", { class: "meter meter-share", style: { "--now": wide(Math.min(now, then)), "--then": wide(then), "--was": wide(now), "--full": "100%" }, "aria-hidden": "true" },
      h("i", { class: "meter-room" }), then < now && h("i", { class: "meter-was" }), then > now && h("i", { class: "meter-then" }), h("i", { class: "meter-now" })));
}

/** What would happen with the regions off that are switched off; null without any. */
export function whatIfBanner(store, names) {
  const down = store.get("down");
  const map = store.get("map");
  if (down.length === 0) return null;
  const ready = map && isNumber(map.moved);
  const end = h("button", { type: "button", class: "button", onclick: () => store.set("down", []) }, "End what-if");
  const drains = mayOperate(store) && down.map((region) => h("button", {
    type: "button", class: "button button-main", onclick: () => openDrain({ ...store.get("selection"), region }),
  }, `Drain ${region}…`));
  return h("div", { class: "banner" },
    h("div", { class: "banner-words" },
      h("p", { class: "banner-title" }, h("span", { class: "tag tag-if" }, "What if"), h("b", {}, `${listed(down)} were off`), h("span", { class: "quiet" }, "nothing has been changed")),
      ready && h("p", {}, moving(map)),
      ready && (map.warnings ?? []).map((text) => h("p", { class: "banner-warning" }, text)),
      ready && map.warnings?.length === 0 && holds(map)),
    h("div", { class: "banner-buttons" }, drains, end));
}

function moving(map) {
  const found = flows(map.places, "regions", "regions_if");
  if (map.moved < 0.0005) return "No clients would move.";
  const to = new Map();
  for (const flow of found) to.set(flow.to, (to.get(flow.to) ?? 0) + flow.share);
  const words = [...to].sort((a, b) => b[1] - a[1]).map(([region, share]) => `${percent(share)} to ${region}`);
  return `${percent(map.moved)} of clients would move: ${listed(words, 4)}.`;
}

function holds(map) {
  const known = map.regions.filter((one) => one.capacity && isNumber(one.load_if));
  if (known.length === 0) return h("p", {}, "Whether capacity holds is not known: no loads are reported.");
  const top = known.reduce((a, b) => (a.load_if / a.capacity >= b.load_if / b.capacity ? a : b));
  return h("p", { class: "banner-fine" }, `Capacity holds: ${top.name} would have the most, ${percent(top.load_if / top.capacity)}.`);
}

/** What a region's tip says. */
export function tipOfRegion(region, names, store) {
  const off = store.get("down").includes(region.name);
  const used = isNumber(region.load) && region.capacity ? `${count(region.load)} of ${count(region.capacity)}, ${percent(region.load / region.capacity)}` : "load not known";
  return [
    h("b", {}, regionName(names, region.name)), stateWord(stateOf(region)),
    stateOf(region) !== "up" && h("p", { class: "tip-reason" }, region.reason),
    h("p", { class: "tip-line" }, `${percent(region.share)} of clients`, isNumber(region.share_if) && ` → ${percent(region.share_if)}`),
    h("p", { class: "tip-line" }, used, isNumber(region.load_if) && region.capacity && ` → ${percent(region.load_if / region.capacity)}`),
    h("p", { class: "quiet" }, off ? "Click: back on in the what-if" : "Click: what if it were off"),
  ];
}

function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}
