// Regions on the map: buttons, sized by their share of clients, with a ring for load against
// capacity, and labels that keep out of each other's way.

import { h, s } from "./h.js";
import { markShapes, regionColour, stateOf } from "./marks.js";
import { percent } from "./words.js";
import { spot } from "./world.js";

const SMALLEST = 11; // px: radius of a region without clients
const LARGEST = 26; // of one that has all of them
const GAP = 3; // px between disc and ring
const LETTER = 7.1; // px: a letter's width, about
const SIDES = ["right", "left", "below", "above"];

/** Buttons for `regions` (of /v1/map) on a stage of `width` × `height` px.
 *
 * `names` gives colours, `down` what the what-if switches off. */
export function regionMarks(regions, names, down, width, height, { pick, enter, leave }) {
  const placed = apart(regions.map((region) => located(region, down, width, height)));
  const taken = placed.map(({ x, y, reach }) => box(x - reach, y - reach, 2 * reach, 2 * reach));
  // the larger has the first choice of sides
  for (const one of [...placed].sort((a, b) => b.share - a.share)) {
    one.side = freeSide(one, taken, width, height);
    taken.push(labelBox(one, one.side));
  }
  return placed.map((one) => button(one, names, { pick, enter, leave }));
}

function located(region, down, width, height) {
  const { left, top } = spot(region.latitude, region.longitude);
  const off = down.includes(region.name);
  const share = region.share_if ?? region.share ?? 0;
  const radius = SMALLEST + (LARGEST - SMALLEST) * Math.sqrt(Math.max(0, Math.min(1, share)));
  const scale = width < 560 ? 0.72 : 1;
  const state = stateOf(region);
  return {
    region, off, share, state, radius: radius * scale, reach: (radius + GAP + 4) * scale,
    x: left * width, y: top * height,
  };
}

/** Moves regions that lie on each other apart, each by half. */
function apart(list) {
  for (let turn = 0; turn < 12; turn += 1) {
    for (const [place, a] of list.entries()) {
      for (const b of list.slice(place + 1)) {
        const [dx, dy] = [b.x - a.x, b.y - a.y];
        const far = Math.hypot(dx, dy);
        const lack = (a.reach + b.reach) * 0.94 - far;
        if (lack <= 0) continue;
        const [ux, uy] = far > 0.1 ? [dx / far, dy / far] : [1, 0];
        a.x -= (ux * lack) / 2; a.y -= (uy * lack) / 2;
        b.x += (ux * lack) / 2; b.y += (uy * lack) / 2;
      }
    }
  }
  return list;
}

function freeSide(one, taken, width, height) {
  const free = (side) => {
    const label = labelBox(one, side);
    const within = label.left >= 0 && label.right <= width && label.top >= 0 && label.bottom <= height;
    return within && !taken.some((other) => crosses(label, other));
  };
  return SIDES.find(free) ?? "right";
}

function labelBox({ region, x, y, reach }, side) {
  const wide = Math.max(region.name.length * LETTER, 64);
  if (side === "right") return box(x + reach, y - 17, wide + 6, 34);
  if (side === "left") return box(x - reach - wide - 6, y - 17, wide + 6, 34);
  return box(x - wide / 2, side === "below" ? y + reach : y - reach - 34, wide, 34);
}

function box(left, top, width, height) {
  return { left, top, right: left + width, bottom: top + height };
}

function crosses(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function button(one, names, { pick, enter, leave }) {
  const { region, off, state, side, share } = one;
  const colour = regionColour(names, region.name);
  const word = off ? "off (what if)" : state === "up" ? "" : state;
  const now = percent(share);
  const clients = now === "–" ? "" : `${now} of clients`;
  const element = h("button", {
    type: "button", "aria-pressed": String(off), "data-region": region.name,
    class: `region region-${state} side-${side}${off ? " is-off" : ""}`,
    style: { left: `${one.x}px`, top: `${one.y}px`, "--reach": `${one.reach}px`, "--colour": colour },
    "aria-label": `${region.name}: ${[word || "up", clients, load(region)].filter(Boolean).join(", ")}. Switch off to see what if`,
    onclick: () => pick(region.name),
    onpointerenter: () => enter(one), onfocus: () => enter(one),
    onpointerleave: leave, onblur: leave,
  },
  drawing(one, state, off),
  h("span", { class: "region-label" }, h("b", {}, region.name), h("span", { class: word ? `region-word state-${off ? "down" : state}` : "" }, word || now)));
  return element;
}

function load(region) {
  const used = usedOf(region);
  return used === null ? "" : `${percent(used)} of its capacity`;
}

/** The part of its capacity that a region uses, in the what-if if there is one; null if not known. */
export function usedOf(region) {
  const value = region.load_if ?? region.load;
  return value === null || value === undefined || !region.capacity ? null : value / region.capacity;
}

function drawing({ region, radius, reach }, state, off) {
  const used = usedOf(region);
  const ring = radius + GAP;
  const full = 2 * Math.PI * ring;
  const level = used === null ? "" : used > 1 ? "over" : used > (region.soft ?? 0.8) ? "near" : "fine";
  const up = state === "up" && !off;
  return s("svg", { width: 2 * reach, height: 2 * reach, viewBox: `${-reach} ${-reach} ${2 * reach} ${2 * reach}`, "aria-hidden": "true" },
    s("circle", { class: "region-halo", r: reach }),
    up ? s("circle", { class: "region-disc", r: radius }) : s("circle", { class: "region-hole", r: radius }),
    used !== null && up && [s("circle", { class: "region-ring", r: ring }), s("circle", { class: "region-track", r: ring })],
    used !== null && up && s("circle", {
      class: `region-load load-${level}`, r: ring, transform: "rotate(-90)",
      "stroke-dasharray": `${Math.min(1, used) * full} ${full}`,
    }),
    !up && s("g", { class: `mark-${off ? "down" : state}`, transform: `translate(${-radius * 0.62} ${-radius * 0.62}) scale(${(radius * 1.24) / 16})` }, markShapes(off ? "down" : state)));
}
