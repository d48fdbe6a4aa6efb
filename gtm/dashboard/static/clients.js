// Where the clients of what is down go now, by GET /v1/map: asked for few things, seldom, and kept.

import { ApiError } from "./api.js";
import { flows } from "./mix.js";

const MOST = 4; // things that are asked about at once
const LEAST = 2_000; // ms between two rounds of questions

/** Answers `clients(unit, region)` of situation.js; `changed()` is called when more is known. */
export function clientsKnown(store, api, changed) {
  const known = new Map(); // by unit: {epoch, places, regions}
  let wanted = new Map();
  let busy = false;

  async function ask() {
    if (busy) return;
    busy = true;
    const epoch = store.get("epoch");
    const missing = [...wanted].filter(([key]) => known.get(key)?.epoch !== epoch).slice(0, MOST);
    try {
      for (const [key, unit] of missing) known.set(key, { epoch, ...(await api.get("/v1/map", unit)) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    } finally {
      if (missing.length > 0) await new Promise((done) => setTimeout(done, LEAST));
      busy = false;
    }
    if (missing.some(([key]) => known.has(key))) changed();
  }

  return {
    /** To be called before a round of `of`: forgets what is no longer asked for. */
    begin() {
      wanted = new Map();
    },
    of(unit, region) {
      const key = JSON.stringify(unit);
      if (wanted.size < MOST) wanted.set(key, unit);
      const map = known.get(key);
      return map ? destinations(map, region) : null;
    },
    /** Asks for what is not known. */
    end() {
      if (wanted.size > 0) ask();
    },
  };
}

/** [[region, share], …]: where those go who would go to `region` if all were up; where that is not
 * known, where most clients go. */
export function destinations(map, region) {
  const to = new Map();
  if (map.places.some((one) => one.regions_all_up)) {
    for (const flow of flows(map.places, "regions_all_up", "regions")) {
      if (flow.from === region) to.set(flow.to, flow.share);
    }
  }
  if (to.size === 0) for (const one of map.regions) if (one.share > 0.005) to.set(one.name, one.share);
  return [...to].sort((a, b) => b[1] - a[1]);
}
