// States as shape, colour and word together, and the colours of regions.

import { h, s } from "./h.js";

/** What people call a verdict: `drained` if an operator drained it, else up, down or unknown. */
export function stateOf(verdict) {
  return verdict.act === "drain" ? "drained" : verdict.state;
}

const SHAPES = {
  up: () => [s("circle", { cx: 8, cy: 8, r: 5 })],
  down: () => [
    s("path", { d: "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" }),
    s("path", { class: "inner", d: "M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" }),
  ],
  drained: () => [
    s("path", { d: "M8 .8L15.2 8 8 15.2.8 8z" }),
    s("path", { class: "inner", d: "M6.4 5.6v4.8M9.6 5.6v4.8" }),
  ],
  unknown: () => [s("circle", { class: "hollow", cx: 8, cy: 8, r: 5 })],
};

/** The mark alone, for beside a word; `state` as from stateOf. */
export function mark(state) {
  const shape = SHAPES[state] ?? SHAPES.unknown;
  return s("svg", { class: `mark mark-${state}`, viewBox: "0 0 16 16", "aria-hidden": "true" }, shape());
}

/** The mark's shapes without an svg around them, for inside another drawing. */
export function markShapes(state) {
  return (SHAPES[state] ?? SHAPES.unknown)();
}

/** The mark and the word. */
export function stateWord(state) {
  return h("span", { class: `state state-${state}` }, mark(state), state);
}

export const PALETTE = 12; // colours in app.css: --region-1 to --region-12

/** The colour of a region, as a CSS value: by its place among the zone's regions. */
export function regionColour(regions, name) {
  const place = regions.indexOf(name);
  return place < 0 ? "var(--quiet)" : `var(--region-${(place % PALETTE) + 1})`;
}

const NAMED = new WeakMap(); // by zone, as a status has it: asked for at every drawing

/** The names of all regions of a zone (of `status.zones`), in a fixed order: that of colours. */
export function regionsOf(zone) {
  if (!zone) return [];
  if (!NAMED.has(zone)) NAMED.set(zone, regionNames(zone));
  return NAMED.get(zone);
}

function regionNames(zone) {
  const names = new Set();
  for (const app of zone.apps) {
    for (const region of app.regions) names.add(region.region);
    for (const service of app.services) for (const region of service.regions) names.add(region.region);
  }
  return [...names];
}

/** A small square of a region's colour, and its name. */
export function regionName(regions, name) {
  const dot = h("span", { class: "swatch", style: { "--colour": regionColour(regions, name) } });
  return h("span", { class: "region-name" }, dot, name);
}
