// Draws the world: countries in the colours of the regions that their clients go to, dots for
// places that are too small or only parts of a country, and arcs along which clients move.

import { h, s } from "./h.js";
import { regionColour } from "./marks.js";
import { sharesOf } from "./mix.js";
import { project } from "./projection.js";

/** What is shown of the map, in its units: from the left, from the top, width, height. The Pacific
 * at both ends is left out; nobody lives there. */
const VIEW = [52, -12, 1900, 892];
const STRIPE = 20; // units of the map: one turn of a mixed country's stripes
const STEPS = 8; // parts of it, so that alike countries share a pattern

/** A drawing of the land, which comes when world.json has. */
export function createWorld() {
  const land = s("g", { class: "land" });
  const patterns = s("defs", {});
  const dots = s("g", { class: "dots" });
  const arcs = s("g", { class: "arcs" });
  const svg = s("svg", { class: "world", viewBox: VIEW.join(" "), "aria-hidden": "true", preserveAspectRatio: "xMidYMid meet" }, patterns, land, dots, arcs);
  const countries = new Map();
  const ready = load(land, countries);

  return {
    svg,
    ready,
    has: (code) => countries.has(code),

    /** Colours countries: `mixes` as of byCountry, `regions` for colours; with `moving`, those
     * whose clients do not move step back. */
    paint(mixes, regions, moving) {
      const made = new Map();
      for (const [code, shape] of countries) {
        const one = mixes.get(code);
        shape.style.fill = one ? paintOf(one.mix, regions, made) : "";
        shape.classList.toggle("is-still", Boolean(moving && one && one.moved < 0.005));
        shape.classList.toggle("is-moved", Boolean(moving && one && one.moved >= 0.005));
      }
      patterns.replaceChildren(...made.values());
    },

    /** Dots: [{latitude, longitude, size (px), colour, code}]. */
    dots(list) {
      dots.replaceChildren(...list.map((one) => {
        const [x, y] = project(one.latitude, one.longitude);
        const dot = s("path", { class: "dot", d: `M${x.toFixed(1)} ${y.toFixed(1)}h.01`, "data-code": one.code });
        dot.style.stroke = one.colour;
        dot.style.strokeWidth = `${one.size.toFixed(1)}px`;
        return dot;
      }));
    },

    /** Arcs: [{from: [latitude, longitude], to, share, colour, quiet}]. */
    arcs(list) {
      arcs.replaceChildren(...list.flatMap(arc));
    },
  };
}

async function load(land, countries) {
  const answer = await fetch(new URL("./world.json", import.meta.url));
  const world = await answer.json();
  for (const [code, path] of Object.entries(world.countries)) {
    const shape = s("path", { d: path, "data-country": code });
    land.append(shape);
    if (code) countries.set(code, shape);
  }
}

function paintOf(mix, regions, made) {
  const shares = sharesOf(mix).filter(([, share]) => share > 0.04);
  if (shares.length === 0) return "";
  if (shares.length === 1) return tint(regionColour(regions, shares[0][0]));
  const parts = stepped(shares);
  const key = `mix-${parts.map(([region, part]) => `${regions.indexOf(region)}x${part}`).join("-")}`;
  if (!made.has(key)) made.set(key, pattern(key, parts, regions));
  return `url(#${key})`;
}

/** Shares in whole steps; each that is there at all gets one. */
function stepped(shares) {
  const parts = shares.map(([region, share]) => [region, Math.max(1, Math.round(share * STEPS))]);
  return parts.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

function pattern(key, parts, regions) {
  const whole = parts.reduce((sum, [, part]) => sum + part, 0);
  let left = 0;
  const bands = parts.map(([region, part]) => {
    const band = s("rect", { x: (left / whole) * STRIPE, y: 0, width: (part / whole) * STRIPE + 0.1, height: STRIPE });
    band.style.fill = tint(regionColour(regions, region));
    left += part;
    return band;
  });
  return s("pattern", { id: key, width: STRIPE, height: STRIPE, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, bands);
}

function tint(colour) {
  return `color-mix(in srgb, ${colour} var(--tint), var(--land))`;
}

function arc({ from, to, share, colour, quiet }) {
  const [a, b] = [project(...from), project(...to)];
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  // bent to the north, as great circles of the northern half are
  const bend = Math.sign(dx || 1) * 0.22;
  const mid = [(a[0] + b[0]) / 2 + dy * bend, (a[1] + b[1]) / 2 - dx * bend];
  const d = `M${a.map(fixed).join(" ")}Q${mid.map(fixed).join(" ")} ${b.map(fixed).join(" ")}`;
  const width = 2 + 9 * Math.sqrt(share);
  return ["arc-bed", "arc"].map((kind) => {
    const path = s("path", { class: `${kind}${quiet ? " is-quiet" : ""}`, d });
    if (kind === "arc") path.style.stroke = colour;
    path.style.strokeWidth = `${(kind === "arc" ? width : width + 3).toFixed(1)}px`;
    return path;
  });
}

function fixed(number) {
  return number.toFixed(1);
}

/** Where a place is on the map, as parts of its width and height for CSS. */
export function spot(latitude, longitude) {
  const [x, y] = project(latitude, longitude);
  const inside = (part) => Math.min(0.99, Math.max(0.01, part));
  return { left: inside((x - VIEW[0]) / VIEW[2]), top: inside((y - VIEW[1]) / VIEW[3]) };
}

/** A box over the map that says what is pointed at. */
export function createTip() {
  const tip = h("div", { class: "tip", role: "tooltip", id: "map-tip", hidden: true });
  return {
    element: tip,
    hide() {
      tip.hidden = true;
    },
    /** Shows `content` beside (x, y), px within `stage`. */
    show(stage, x, y, ...content) {
      tip.replaceChildren(...content.flat(Infinity).filter(Boolean));
      tip.hidden = false;
      const [wide, high] = [tip.offsetWidth, tip.offsetHeight];
      const left = x + 16 + wide > stage.clientWidth ? x - wide - 16 : x + 16;
      const top = Math.min(Math.max(4, y - high / 2), stage.clientHeight - high - 4);
      tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
    },
  };
}
