// Latencies, rates and moments as panels write them; the rest of the words is in words.js. Pure, but
// for the element of a moment.

import { h } from "./h.js";
import { stamp } from "./words.js";

/** Milliseconds: "0.4 ms", "12 ms", "1.2 s". */
export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value.toFixed(value >= 9.95 ? 0 : 1)} ms`;
}

/** Microseconds in the unit that suits them: "38 µs", "1.2 ms". */
export function microseconds(value) {
  if (value === null || value === undefined) return "–";
  return value >= 1000 ? milliseconds(value / 1000) : `${value.toFixed(value >= 9.95 || value === 0 ? 0 : 1)} µs`;
}

/** "1,234/s", "12.3 k/s", "0.4/s". */
export function rate(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 10_000) return `${(value / 1000).toFixed(value >= 99_950 ? 0 : 1)} k/s`;
  if (value >= 9.95 || Number.isInteger(value)) return `${Math.round(value).toLocaleString("en")}/s`;
  return value < 0.05 ? "< 0.1/s" : `${value.toFixed(1)}/s`;
}

/** A time element that shows `words`; the exact time stands in its title. */
export function moment(at, words) {
  return h("time", { datetime: new Date(at * 1000).toISOString(), title: stamp(at) }, words);
}

/** A service's name without its zone: "orders" of "orders.gtm.example.com."; "@" for the zone's own. */
export function short(name, zone) {
  const [plain, apex] = [bare(name), bare(zone)];
  if (plain === apex) return "@";
  return plain.endsWith(`.${apex}`) ? plain.slice(0, -apex.length - 1) : plain;
}

/** A domain name as people write it, without the trailing dot. */
export function bare(name) {
  return name.replace(/\.+$/, "") || ".";
}
