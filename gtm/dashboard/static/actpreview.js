// What an act would do, before it is done: which verdicts change, who moves where, which region
// would be over its capacity, and what safety says.

import { h } from "./h.js";
import { regionName, regionsOf } from "./marks.js";
import { bare, short } from "./measures.js";
import { counted, percent } from "./words.js";

const MOST = 4; // decisions whose clients are looked at
const UNSAID = "rehearsal"; // reason and author while nobody has written them yet

/** Elements that say it, and `refused`: what safety says against it, "" if nothing. */
export async function preview({ store, api, act, target, planned }) {
  const status = store.get("status");
  const decisions = act === "up" ? [] : decisionsOf(status, target);
  const [refused, ...maps] = await Promise.all([
    rehearsed(api, { act, target, planned }),
    ...decisions.slice(0, MOST).map((one) => moved(api, one)),
  ]);
  const found = maps.filter(Boolean);
  const elements = found.map((map) => movement(map, status));
  if (decisions.length > MOST) elements.push(h("p", { class: "quiet" }, `and ${counted(decisions.length - MOST, "other decision")}`));
  return { elements, refused };
}

// Safety's word: the act is judged as it would be, and not put in force. A forced one is not
// refused, but says what it is forced past: so nothing fails, here or in the browser's log.
async function rehearsed(api, { act, target, planned }) {
  const body = { act, target, reason: UNSAID, author: UNSAID, seconds: null, planned, force: true, rehearsal: true };
  try {
    const found = await api.post("/v1/overrides", body);
    return found.forced_past.length ? `Safety refuses it: ${found.forced_past.join("; ")}.` : "";
  } catch {
    return ""; // whatever it is, the act itself will say it
  }
}

async function moved(api, { zone, app, service, region }) {
  try {
    return await api.get("/v1/map", { zone, app, service: service || undefined, down: region });
  } catch {
    return null; // without a map the act can be done all the same
  }
}

/** Who is decided for by what a target names: replicated apps as one, others by service. */
export function decisionsOf(status, target) {
  const { zone, level, name, region } = parsed(target);
  if (level === "endpoint") return [];
  const found = [];
  for (const one of status?.zones ?? []) {
    if (zone && bare(zone) !== bare(one.name)) continue;
    for (const app of one.apps) {
      if (level === "app" && app.name !== name) continue;
      const services = app.services.filter((each) => each.regions.some((there) => there.region === region)
        && (level !== "service" || short(each.name, one.name) === short(name, one.name)));
      if (!services.length) continue;
      if (app.topology === "replicated") found.push({ zone: one.name, app: app.name, service: "", region });
      else found.push(...services.map((each) => ({ zone: one.name, app: app.name, service: each.name, region })));
    }
  }
  return found;
}

function parsed(target) {
  const parts = target.split("/");
  const zone = parts[0].startsWith("zone:") ? parts.shift().slice("zone:".length) : "";
  const [level, ...rest] = parts;
  return { zone, level, name: rest.length > 1 ? rest[0] : "", region: rest.at(-1) };
}

function movement(map, status) {
  const zone = status.zones.find((one) => one.name === map.zone);
  const names = regionsOf(zone);
  const rows = map.regions.filter((one) => one.share || one.share_if).map((one) =>
    h("tr", {}, h("th", { scope: "row" }, regionName(names, one.name)),
      h("td", { class: "number" }, percent(one.share)), h("td", { class: "number arrow" }, "→"),
      h("td", { class: "number" }, h("b", {}, percent(one.share_if))),
      h("td", { class: "number" }, load(one))));
  const name = map.service ? short(map.service, map.zone) : map.app;
  return h("section", { class: "act-moves" },
    h("h3", {}, `${name}: `, map.moved ? `${percent(map.moved)} of its clients would move` : "no client would move"),
    rows.length ? h("table", { class: "numbers" },
      h("caption", { class: "hidden-words" }, `Clients of ${name} by region, now and then`),
      h("thead", { class: "hidden-words" }, h("tr", {}, ["region", "now", "becomes", "then", "load then"].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows)) : null,
    map.warnings.map((text) => h("p", { class: "act-warning" }, text)));
}

function load(one) {
  if (one.load_if === null || one.load_if === undefined || !one.capacity) return "";
  const used = one.load_if / one.capacity;
  return `${percent(used)} of capacity`;
}
