// Which app or service is looked at, as the address says it: #/zone/app or #/zone/app/service.

import { shortName } from "./words.js";

/** "#/gtm.example.com/shop" for a selection. */
export function address(selection) {
  if (!selection) return "";
  const { zone, app, service } = selection;
  const parts = [zone, app, service && shortName(service, zone)].filter(Boolean);
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** The selection that `hash` names if `status` has it, else the one that needs looking at most:
 * the first app with a region down, or the first app. Null if there is none. */
export function chosen(hash, status) {
  if (!status) return null;
  const named = hash.replace(/^#\/?/, "").split("/").map(decoded);
  const zone = status.zones.find((one) => one.name === named[0]);
  const app = zone?.apps.find((one) => one.name === named[1]);
  if (app) return selected(zone, app, named[2]);
  let first = null;
  for (const candidate of zone ? [zone] : status.zones) {
    for (const one of candidate.apps) {
      const found = selected(candidate, one, troubled(one)?.name);
      if (one.regions.some(isDown) || troubled(one)) return found;
      first ??= found;
    }
  }
  return first;
}

/** The parts of `status` that a selection names: {zone, app, service}, service null for an app. */
export function selectedIn(status, selection) {
  const zone = status?.zones.find((one) => one.name === selection?.zone) ?? null;
  const app = zone?.apps.find((one) => one.name === selection.app) ?? null;
  const service = app?.services.find((one) => one.name === selection.service) ?? null;
  return { zone, app, service };
}

/** The regions that steer what is selected, with their verdicts. */
export function regionsSelected(status, selection) {
  const { app, service } = selectedIn(status, selection);
  if (app === null) return [];
  return app.topology === "replicated" || service === null ? app.regions : service.regions;
}

function selected(zone, app, service) {
  const named = (one) => one.name === service || shortName(one.name, zone.name) === service;
  const known = service ? app.services.find(named)?.name : undefined;
  // a spread app is nothing that is steered: one of its services is
  const fallback = app.topology === "spread" ? (app.services[0]?.name ?? "") : "";
  return { zone: zone.name, app: app.name, service: known ?? fallback };
}

function troubled(app) {
  return app.topology === "spread" ? app.services.find((one) => one.regions.some(isDown)) : undefined;
}

function isDown(region) {
  return region.state === "down";
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
