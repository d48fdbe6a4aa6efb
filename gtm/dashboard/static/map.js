// The panel of the map: which region the clients of the app or service go to, and what if.

import { fill, h, keeping } from "./h.js";
import { regionColour, regionName, regionsOf } from "./marks.js";
import { feed } from "./mapfeed.js";
import { byCountry, flows, goesTo, sharesOf } from "./mix.js";
import { regionMarks } from "./regionmarks.js";
import { selectedIn } from "./selection.js";
import { placesTable } from "./placestable.js";
import { regionNumbers, tipOfRegion, whatIfBanner } from "./whatif.js";
import { percent, shortName } from "./words.js";
import { createTip, createWorld } from "./world.js";

const MOST_DOTS = 400;
const ROOMY = 5; // regions: the numbers of more are set closer

export function mount(root, store, api) {
  const world = createWorld();
  const tip = createTip();
  const marks = h("div", { class: "regions", role: "group", "aria-label": "Regions" });
  const stage = h("div", { class: "stage" }, world.svg, marks, tip.element);
  const title = h("h2", { id: "map-title" });
  const note = h("p", { class: "quiet" });
  const banner = h("div", { class: "banner-place", "aria-live": "polite" });
  const side = h("div", { class: "region-cards" });
  const table = h("details", { class: "places" });
  const key = h("p", { class: "map-key quiet" });
  fill(root,
    h("header", { class: "panel-head" }, title, note),
    h("div", { class: "map-body" }, h("div", { class: "map-left" }, stage, banner, key, table), side));

  const names = () => regionsOf(selectedIn(store.get("status"), store.get("selection")).zone);
  let drawn = "";
  let muted = null;

  function toggle(name) {
    tip.hide();
    muted = name; // it was just read: not again until the pointer is elsewhere
    store.update("down", (down) => (down.includes(name) ? down.filter((one) => one !== name) : [...down, name]));
  }

  function paint() {
    const map = store.get("map");
    const down = store.get("down");
    showHead(title, note, store);
    fill(banner, whatIfBanner(store, names()));
    side.classList.toggle("is-dense", (map?.regions.length ?? 0) > ROOMY);
    keeping(side, () => fill(side, regionNumbers(store, names(), toggle)));
    root.classList.toggle("is-if", down.length > 0);
    if (!map) return fill(key, store.get("mapError") ?? "");
    const asked = Boolean(map.regions.some((one) => one.share_if !== null && one.share_if !== undefined));
    const mixes = byCountry(map.places, asked ? "regions_if" : "regions");
    world.paint(mixes, names(), asked);
    world.dots(dotsOf(map.places, mixes, names(), asked));
    world.arcs(arcsOf(map, names(), asked));
    fill(key, keyOf(map, asked));
    placeMarks();
    placesTable(table, map, names(), asked);
    return undefined;
  }

  function placeMarks() {
    const map = store.get("map");
    const [width, height] = [stage.clientWidth, stage.clientHeight];
    if (!map || !width) return;
    // drawn anew only when it differs: a button that is in use must not vanish under the pointer
    const now = JSON.stringify([map.regions, store.get("down"), width, names()]);
    if (now === drawn) return;
    drawn = now;
    const focused = marks.contains(document.activeElement) ? document.activeElement.dataset.region : null;
    const enter = (one) => {
      if (one.region.name === muted) return;
      muted = null;
      tip.show(stage, one.x, one.y, tipOfRegion(one.region, names(), store));
    };
    fill(marks, regionMarks(map.regions, names(), store.get("down"), width, height, { pick: toggle, enter, leave: tip.hide }));
    if (focused) marks.querySelector(`[data-region="${CSS.escape(focused)}"]`)?.focus();
  }

  world.svg.addEventListener("pointermove", (event) => {
    const map = store.get("map");
    const code = event.target.dataset?.country || event.target.dataset?.code;
    const places = map && code ? map.places.filter((one) => one.country === code || one.code === code) : [];
    if (places.length === 0) return tip.hide();
    const area = stage.getBoundingClientRect();
    tip.show(stage, event.clientX - area.left, event.clientY - area.top, tipOfPlaces(places, code, names()));
    return undefined;
  });
  world.svg.addEventListener("pointerleave", tip.hide);
  world.svg.addEventListener("pointerenter", () => { muted = null; });
  world.ready.then(paint, (error) => console.error(error));
  const watcher = new ResizeObserver(placeMarks);
  watcher.observe(stage);
  const stops = [
    feed(store, api),
    store.watch(["map", "down", "mapError", "status", "whoami"], paint),
    () => watcher.disconnect(),
  ];
  return () => stops.forEach((stop) => stop());
}

function showHead(title, note, store) {
  const selection = store.get("selection");
  const { app, service } = selectedIn(store.get("status"), selection);
  if (!app) return;
  const together = app.topology === "replicated";
  fill(title, "Where clients of ", h("b", { class: "what" }, service && !together ? `${app.name} / ${shortName(service.name, selection.zone)}` : app.name), " go");
  const parts = [`${service?.policy ?? app.policy}`, app.topology];
  if (together) parts.push(`${app.services.length} services as one`);
  fill(note, parts.join(" · "));
}

function keyOf(map, asked) {
  const weighed = map.weighed_by === "traffic" ? "shares by the traffic seen" : "shares by the number of networks: too little traffic seen yet";
  const room = map.regions.some((one) => one.capacity) ? "" : " No region has a capacity in the zone file: whether load holds is not known.";
  const moving = asked ? "Outlined: countries whose clients would move. " : "";
  return `${moving}Disc: share of clients. Ring: load against capacity. Stripes: a country with several regions; ${weighed}.${room}`;
}

/** Dots for what has no country's shape to tint: parts of countries, and small islands. */
function dotsOf(places, mixes, names, asked) {
  const small = places.filter((place) => place.subdivision !== null && place.subdivision !== undefined);
  return small.sort((a, b) => b.weight - a.weight).slice(0, MOST_DOTS).map((place) => {
    const [first] = sharesOf(goesTo(place, asked ? "regions_if" : "regions"));
    return {
      latitude: place.latitude, longitude: place.longitude, code: place.code,
      size: 4 + 26 * Math.sqrt(place.weight), colour: first ? regionColour(names, first[0]) : "var(--quiet)",
    };
  });
}

/** What moves: in a what-if against now, else now against all up (while something is down). */
function arcsOf(map, names, asked) {
  const found = asked ? flows(map.places, "regions", "regions_if") : flows(map.places, "regions_all_up", "regions");
  const where = new Map(map.regions.map((one) => [one.name, [one.latitude, one.longitude]]));
  return found
    .filter((flow) => where.has(flow.from) && where.has(flow.to))
    .slice(0, 24)
    .map((flow) => ({
      from: where.get(flow.from), to: where.get(flow.to), share: flow.share,
      colour: regionColour(names, flow.to), quiet: !asked,
    }));
}

function tipOfPlaces(places, code, names) {
  const weight = places.reduce((sum, one) => sum + one.weight, 0);
  const mix = (field) => byCountry(places, field).values().next().value?.mix ?? new Map();
  const now = sharesOf(mix("regions"));
  const then = places.some((one) => one.regions_if) ? sharesOf(mix("regions_if")) : null;
  const moves = then && JSON.stringify(now) !== JSON.stringify(then);
  const whole = places.find((one) => !one.subdivision) ?? places[0];
  const name = places.length > 1 ? (whole.country_name ?? countryName(code)) : whole.name;
  return [
    h("b", {}, name), h("span", { class: "quiet" }, `${percent(weight)} of clients`),
    goesList(now, names, moves ? "now" : null), moves ? goesList(then, names, "then") : null,
  ];
}

function goesList(shares, names, word) {
  return h("p", { class: "tip-line" }, word && h("span", { class: "quiet" }, word),
    shares.slice(0, 4).map(([region, share]) => h("span", { class: "tip-share" }, regionName(names, region), shares.length > 1 && percent(share))));
}

const COUNTRY_NAMES = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

function countryName(code) {
  try {
    return COUNTRY_NAMES.of(code);
  } catch {
    return code;
  }
}
