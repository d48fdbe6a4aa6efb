// What is wrong with the server itself or with what it is fed, as statements (see situation.js). Pure.

import { ago, clock, counted, listed, span } from "./words.js";

/** Statements about `status` that are not about verdicts. */
export function conditions(status) {
  const found = [...loading(status), ...checking(status), ...feeding(status), ...keeping(status)];
  for (const zone of status.zones) found.push(...sharing(zone, status.now));
  return found;
}

function loading({ reload, epoch, geo, now }) {
  const found = [];
  if (reload.error) {
    const [first, ...more] = reload.mistakes;
    const where = first ? `${first.file}:${first.line}:${first.column}: ${first.key}: ${first.problem}` : reload.error;
    const rest = more.length ? ` (and ${counted(more.length, "more mistake")})` : "";
    found.push(warn([{ b: "The zone files on disk are not in use" }, ` since ${clock(reload.at, now)}: `, where, rest, ". ", `Epoch ${epoch} goes on serving.`], "reload failed"));
  }
  if (reload.geo_error) found.push(warn([{ b: "A new geo database is not in use" }, ": ", reload.geo_error, "."], "geo database refused"));
  const old = geo.filter((one) => one.stale);
  for (const one of old) found.push(note([{ b: `${one.path.split("/").at(-1)} is old` }, `: built ${span(now - one.built)} ago, and networks move. Give a newer one with `, { b: "--geoip" }, "."]));
  return found;
}

function checking({ health, now }) {
  if (!health) return [];
  const found = [];
  if (health.frozen) {
    const since = health.frozen_since === null ? "" : ` since ${clock(health.frozen_since, now)} (${span(now - health.frozen_since)})`;
    found.push(warn([{ b: "No failure is believed" }, since, ": ", health.frozen, "."], "health frozen"));
  }
  const kinds = [
    ["stale", "have verdicts that are old: they were not probed lately"],
    ["impaired", "can't be probed by this machine"],
    ["disbelieved", "fail, and are not believed"],
    ["held", "are held down for changing too often"],
  ];
  for (const [name, words] of kinds) {
    if (health[name] > 0) found.push(warn([{ b: `${health[name].toLocaleString("en")} of ${counted(health.targets, "target")}` }, ` ${words}.`], `${health[name]} targets ${name}`));
  }
  return found;
}

function feeding({ loads, now }) {
  const found = [];
  for (const one of loads ?? []) {
    if (one.feed === "stale") found.push(warn([{ b: `The load of ${one.region} is old` }, `: last reported ${ago(now - (one.age ?? 0), now)}; it is not steered by.`], `load of ${one.region} stale`));
  }
  return found;
}

function keeping({ kept, certificate, feeds, now }) {
  const found = [];
  if (kept?.unsaved) found.push(warn([{ b: "Overrides are not on disk" }, ": ", kept.unsaved, ". They hold until a restart."], "overrides not saved"));
  if (kept?.damage) found.push(warn([{ b: "The file of overrides was damaged" }, ": ", kept.damage, "."], "overrides damaged"));
  if (certificate?.error) found.push(warn([{ b: "The certificate on disk is not in use" }, ": ", certificate.error, "."], "certificate refused"));
  if (certificate && certificate.expires - now < 7 * 86400) {
    const left = certificate.expires - now;
    found.push(warn([{ b: left > 0 ? `The server's certificate ends in ${span(left)}` : "The server's certificate has ended" }, `: ${certificate.path}.`], "certificate ends"));
  }
  const held = feeds?.held ?? [];
  if (held.length > 0) found.push(note([{ b: `${counted(held.length, "endpoint")} held out by reports` }, `: ${listed(held.map((one) => one.endpoint))}.`]));
  return found;
}

function sharing(zone, now) {
  const found = [];
  if (zone.signed?.late) found.push(warn([{ b: `Signatures of ${zone.name} are late` }, `: the first ends in ${span(zone.signed.ends - now)}.`], "signatures late"));
  return found;
}

function warn(words, head) {
  return { level: "warn", state: "warn", words, unit: null, region: null, head };
}

function note(words) {
  return { level: "note", state: "note", words, unit: null, region: null, head: "" };
}
