// Fetches the status: whole where there are few services; where there are thousands, those that are
// not up everywhere, the names of the others, and all about the one that is looked at. A server must
// not spend a second on a page that shows twenty of them.

import { chosen, selectedIn } from "./selection.js";
import { bare } from "./verdicts.js";

const FEW = 300; // services: the whole status of so many is some hundred kilobytes

/** A function that fetches; `lacks(selection)` says whether the latest has nothing about it. */
export function statusFetch(store, api) {
  let few = false;

  async function fetched() {
    const status = bare(await api.get("/v1/status", few ? {} : { services: "named" }));
    if (few || !status.zones.some((zone) => zone.apps.some(leavesOut))) return counted(status);
    if (services(status) <= FEW) {
      few = true;
      return bare(await api.get("/v1/status"));
    }
    const selection = chosen(location.hash, status);
    return selection ? detailed(status, selection) : status;
  }

  function counted(status) {
    few = services(status) <= FEW;
    return status;
  }

  async function detailed(status, { zone, app, service }) {
    const of = { zone, app, ...(service ? { service } : {}) };
    const found = selectedIn(bare(await api.get("/v1/status", { services: "all", ...of })), { zone, app }).app;
    const place = selectedIn(status, { zone, app }).app;
    const known = new Map((found?.services ?? []).map((one) => [one.name, one]));
    place.services = place.services.map((one) => known.get(one.name) ?? one);
    return status;
  }

  fetched.lacks = (selection) => {
    const { app, service } = selectedIn(store.get("status"), selection);
    const looked = service ? [service] : (app?.services ?? []);
    return looked.some((one) => one.regions.length === 0);
  };
  return fetched;
}

function leavesOut(app) {
  return app.services.some((one) => one.regions.length === 0);
}

function services(status) {
  return status.zones.reduce((sum, zone) => sum + zone.apps.reduce((part, app) => part + app.services.length, 0), 0);
}
