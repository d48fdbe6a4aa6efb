// Fetches the status: whole where there are few services; where there are thousands, those that are
// not up everywhere, the names of the others, and all about the one that is looked at. A server must
// not spend a second on a page that shows twenty of them.

import { chosen, selectedIn } from "./selection.js";
import { bare } from "./verdicts.js";

const FEW = 300; // services: the whole status of so many is some hundred kilobytes

/** A function that fetches; its `lacks(selection)` says whether the latest has nothing about it, its
 * `detailed(selection)` fetches that alone. */
export function statusFetch(store, api) {
  let few = false;

  async function fetched() {
    const status = bare(await api.get("/v1/status", few ? {} : { services: "named" }));
    if (few || !status.zones.some((zone) => zone.apps.some(leavesOut))) return counted(status);
    if (services(status) <= FEW) {
      few = true;
      return bare(await api.get("/v1/status"));
    }
    const selection = store.get("selection") ?? chosen(location.hash, status);
    return selection ? detailed(status, selection) : status;
  }

  function counted(status) {
    few = services(status) <= FEW;
    return status;
  }

  /** `status` with all about one app or service in it: a copy where something was added. */
  async function detailed(status, { zone, app, service }) {
    const of = { zone, app, ...(service ? { service } : {}) };
    const { app: found } = selectedIn(bare(await api.get("/v1/status", { services: "all", ...of })), of);
    const known = new Map((found?.services ?? []).map((one) => [one.name, one]));
    const apps = (list) => list.map((one) => (one.name === app ? { ...one, services: one.services.map((each) => known.get(each.name) ?? each) } : one));
    return { ...status, zones: status.zones.map((one) => (one.name === zone ? { ...one, apps: apps(one.apps) } : one)) };
  }

  /** The latest status with what it lacks about a selection. */
  fetched.detailed = (selection) => detailed(store.get("status"), selection);

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
