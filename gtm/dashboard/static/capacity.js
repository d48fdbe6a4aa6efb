// Whether capacity holds: the fullest region, and what there is to say of it. Pure.

import { listed, percent } from "./words.js";

/** What a status says of load against capacity: {regions, top, limited}. `regions` are those whose
 * use is known, fullest first, each {region, used, soft, level, spilling}; `level` is over, near or
 * fine; `top` is the fullest, or null; `limited` is how many regions have a capacity at all. */
export function room(status) {
  const loads = status.loads ?? [];
  const regions = loads
    .filter((one) => one.used !== null && one.used !== undefined)
    .map((one) => ({ region: one.region, used: one.used, soft: one.soft, level: levelOf(one), spilling: one.spilling }))
    .sort((a, b) => b.used - a.used);
  const limited = loads.filter((one) => one.capacity).length;
  return { regions, top: regions[0] ?? null, limited };
}

/** Statements about capacity. That it holds, or that nobody knows, is only said while something is
 * `troubled`: then it is the question. */
export function capacity(status, troubled) {
  const { regions, top, limited } = room(status);
  const over = regions.filter((one) => one.level === "over");
  const near = regions.filter((one) => one.level === "near");
  const found = [];
  if (over.length > 0) found.push(full("down", over, "."));
  if (near.length > 0) found.push(full("warn", near, `, above ${percent(near[0].soft)}`));
  if (found.length > 0 || !troubled) return found;
  if (top) return [said("fine", "up", "Capacity holds", `: ${top.region} is the fullest, at ${percent(top.used)}.`)];
  const why = limited > 0 ? "no region's load is reported (POST /v1/load)." : "no region has a capacity in the zone file.";
  return [said("note", "note", "Whether capacity holds is not known", `: ${why}`)];
}

function full(level, regions, tail) {
  const [first] = regions;
  const name = (one) => `${one.region} at ${percent(one.used)}`;
  const alone = `${first.region} is at ${percent(first.used)} of its capacity`;
  const subject = regions.length === 1 ? alone : `${listed(regions.map(name), 4)} of capacity`;
  const shifts = regions.some((one) => one.spilling) ? ": new answers shift elsewhere." : ".";
  const words = [{ b: subject }, tail === "." ? shifts : `${tail}${shifts}`];
  const head = level === "down" ? `${first.region} over capacity` : `${first.region} at ${percent(first.used)}`;
  return { level, state: "warn", words, unit: null, region: first.region, head };
}

function said(level, state, subject, rest) {
  return { level, state, words: [{ b: subject }, rest], unit: null, region: null, head: "" };
}

function levelOf({ used, soft }) {
  if (used >= 1) return "over";
  return used > soft ? "near" : "fine";
}
