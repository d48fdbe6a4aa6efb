// What an operator has to know first, as statements: what is down and drained, where its clients go,
// whether capacity holds, and what is wrong with the server itself. Pure.
//
// A statement is {level, state, words, unit, region, head}: `level` is down, fine, warn or note; `words` a
// list of strings and {b: string}; `unit` the selection that it is about, if any, and `region` the
// region; `head` a few words for the tab's title.

import { stateOf } from "./marks.js";
import { capacity } from "./capacity.js";
import { conditions } from "./conditions.js";
import { clock, counted, listed, percent, shortName, span } from "./words.js";

/** All statements of a status, worst first. `clients(unit, region)` says where the clients go,
 * [[region, share], …], or null if that is not known (yet). */
export function situation(status, clients) {
  const found = [];
  for (const zone of status.zones) found.push(...ofZone(zone, status, clients));
  const troubled = found.some((one) => one.state === "down" || one.state === "drained");
  found.push(...capacity(status, troubled), ...conditions(status));
  // what is down first, then whether the rest can carry it; else that comes after what is wrong
  const down = found.some((one) => one.level === "down");
  const order = { down: 0, fine: down ? 1 : 4, warn: 2, note: 3 };
  return found.sort((a, b) => order[a.level] - order[b.level]);
}

/** What is steered by itself: replicated apps, and services of spread ones. */
export function units(zone) {
  return zone.apps.flatMap((app) => {
    if (app.topology === "replicated") {
      const endpoints = (region) => app.services.flatMap((one) => endpointsIn(one, region));
      return [{ name: app.name, selection: { zone: zone.name, app: app.name, service: "" }, regions: app.regions, endpoints }];
    }
    return app.services.map((service) => ({
      name: `${app.name} / ${shortName(service.name, zone.name)}`,
      selection: { zone: zone.name, app: app.name, service: service.name },
      regions: service.regions,
      endpoints: (region) => endpointsIn(service, region),
    }));
  });
}

/** How many there are: services by the worst that they are in some region, endpoints by what they
 * are. `whole` is false where the status has only names of some services. */
export function counts(status) {
  const services = { up: 0, down: 0, drained: 0, unknown: 0 };
  const endpoints = { up: 0, down: 0, drained: 0, unknown: 0 };
  let whole = true;
  for (const app of status.zones.flatMap((zone) => zone.apps)) {
    const block = app.topology === "replicated" ? app.regions : [];
    for (const service of app.services) {
      services[worst([...block, ...service.regions])] += 1;
      if (service.regions.length === 0) whole = false;
      for (const region of service.regions) for (const one of region.endpoints) endpoints[stateOf(one)] += 1;
    }
  }
  return { services, endpoints, whole };
}

/** The worst state of verdicts; up if there are none, as where only the name was fetched. */
export function worst(verdicts) {
  const states = new Set(verdicts.map(stateOf));
  return ["down", "drained", "unknown"].find((state) => states.has(state)) ?? "up";
}

function ofZone(zone, status, clients) {
  const all = units(zone);
  const dark = all.filter((unit) => unit.regions.length > 0 && unit.regions.every((one) => stateOf(one) !== "up" && stateOf(one) !== "unknown"));
  const found = dark.length > 0 ? [nothingUp(zone, dark, status)] : [];
  const groups = new Map();
  for (const unit of all) {
    if (dark.includes(unit)) continue;
    for (const one of unit.regions) {
      const state = stateOf(one);
      if (state === "up") continue;
      const key = `${one.region} ${state}`;
      if (!groups.has(key)) groups.set(key, { region: one.region, state, members: [] });
      groups.get(key).members.push({ unit, verdict: one });
    }
  }
  const there = (region) => all.filter((unit) => unit.regions.some((one) => one.region === region)).length;
  for (const group of groups.values()) found.push(ofGroup(group, there(group.region), status, clients));
  return found;
}

function nothingUp(zone, dark, status) {
  const since = Math.max(...dark.flatMap((unit) => unit.regions.map((one) => one.since)));
  const words = [{ b: `Nothing is up for ${whom(dark, null)}` }, sinceWords(since, status.now)];
  words.push(": ", whatFails(dark.flatMap((unit) => unit.regions.map((one) => ({ unit, verdict: one })))), ".");
  words.push(" No region is left to send clients to: the zone's ", { b: "when_all_down" }, " decides what they are answered.");
  return { level: "down", state: "down", words, unit: dark[0].selection, region: null, head: `nothing up for ${dark[0].name}` };
}

function ofGroup({ region, state, members }, there, status, clients) {
  const since = Math.min(...members.map(({ verdict }) => verdict.since));
  const whole = members.length === there && there > 3;
  const names = whom(members.map(({ unit }) => unit), whole ? there : null);
  const is = { down: "is down", drained: "is drained", unknown: "is not known to be up" }[state];
  const words = [{ b: `${region} ${is}` }, " for ", { b: names }, sinceWords(since, status.now)];
  words.push(state === "drained" ? drainWords(members, status) : `: ${whatFails(members)}`, ".");
  const unit = members[0].unit.selection;
  if (state !== "unknown") words.push(...goWords(clients(unit, region), region, status, members.length > 1 ? members[0].unit.name : ""));
  return {
    level: state === "down" ? "down" : state === "drained" ? "note" : "warn", state, words, unit, region,
    head: `${region} ${state}`,
  };
}

function whom(list, whole) {
  if (whole !== null) return `all ${counted(whole, "app or service", "apps and services")}`;
  if (list.length <= 3) return listed(list.map((unit) => unit.name));
  const apps = [...new Set(list.map((unit) => unit.selection.app))];
  if (apps.length === list.length) return listed(apps);
  return `${list.length.toLocaleString("en")} services of ${listed(apps)}`;
}

function sinceWords(since, now) {
  return ` since ${clock(since, now)} (${span(now - since)})`;
}

/** "2 of 2 endpoints fail: HTTP 503": why regions are down, told by their endpoints. */
export function whatFails(members) {
  const ends = members.flatMap(({ unit, verdict }) => unit.endpoints(verdict.region));
  const bad = ends.filter((one) => one.state === "down");
  const [first] = members;
  if (first.verdict.act) return first.verdict.reason;
  if (bad.length === 0) return first.verdict.reason;
  const kinds = new Map();
  for (const one of bad) kinds.set(gist(one.reason), (kinds.get(gist(one.reason)) ?? 0) + 1);
  const [kind] = [...kinds].sort((a, b) => b[1] - a[1])[0];
  const of = `${bad.length.toLocaleString("en")} of ${counted(ends.length, "endpoint")}`;
  if (bad.length === 1 && ends.length === 1) return bad[0].reason;
  return kinds.size === 1 ? `${of} fail: ${kind}` : `${of} fail, most of them: ${kind}`;
}

/** What a reason says without where and how long: "HTTP 503", "connection refused". */
export function gist(reason) {
  return reason
    .replace(/^not probed: .*?; before that: /, "")
    .replace(/ (from|to|with|of) (\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)+)(:\d+)?(?=$|[ ,:])/i, "")
    .replace(/ after [\d.]+ m?s\b/, "")
    .replace(/, \d+(st|nd|rd|th) (of \d+|in a row)$/, "")
    .trim();
}

function drainWords(members, status) {
  const reason = members[0].verdict.reason;
  const drain = status.overrides.find((one) => one.act === "drain" && one.phase && one.target.endsWith(members[0].verdict.region));
  const phase = {
    lowering: "the TTL is being lowered first", withdrawn: "caches are still running out", safe: "safe to work on now",
  }[drain?.phase];
  // "drained by alice until 04:00: kernel update": that it is drained was just said
  const said = reason.startsWith("drained ") ? reason.slice("drained".length) : `: ${reason}`;
  return phase ? `${said}; ${phase}` : said;
}

function goWords(shares, region, status, of) {
  if (shares === null) return [];
  const to = shares.filter(([name]) => name !== region);
  if (to.length === 0) return [];
  const shown = to.slice(0, 3).flatMap(([name], place) => {
    const joint = place === 0 ? "" : place === Math.min(to.length, 3) - 1 ? " and " : ", ";
    return [joint, { b: name }, roomWords(name, status)];
  });
  const more = to.length > 3 ? ` and ${to.length - 3} more` : "";
  return [of ? ` Clients of ${of} go to ` : " Its clients go to ", ...shown, more, "."];
}

function roomWords(region, status) {
  const load = (status.loads ?? []).find((one) => one.region === region);
  return load && load.used !== null && load.used !== undefined ? ` (${percent(load.used)} of capacity)` : "";
}

function endpointsIn(service, region) {
  return service.regions.find((one) => one.region === region)?.endpoints ?? [];
}
