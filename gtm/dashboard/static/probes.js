// The last probes of services that are looked at, read again while somebody looks.

const FRESH = 5_000; // milliseconds that a reading holds
const MOST = 50; // services kept

const kept = new Map();

/** The last probes of a service as they are known now, {version, find(region, endpoint)}; where they
 * are old they are read, and `changed` is called when they have come.
 */
export function probesOf(api, zone, app, service, changed) {
  const key = JSON.stringify([zone, app, service]);
  if (!kept.has(key)) {
    if (kept.size >= MOST) kept.delete(kept.keys().next().value);
    kept.set(key, reading());
  }
  const one = kept.get(key);
  if (!one.busy && !document.hidden && performance.now() - one.read > FRESH) void read(api, one, { zone, app, service }, changed);
  return one;
}

function reading() {
  const one = { version: 0, read: -Infinity, busy: false, endpoints: new Map() };
  one.find = (region, endpoint) => one.endpoints.get(`${region} ${endpoint}`);
  return one;
}

async function read(api, one, query, changed) {
  one.busy = true;
  try {
    const found = await api.get("/v1/probes", query);
    one.endpoints = new Map(found.endpoints.map((each) => [`${each.region} ${each.endpoint}`, each]));
    one.version += 1;
  } catch {
    one.endpoints = new Map(); // the verdicts beside the lines say that something is wrong
  }
  one.read = performance.now();
  one.busy = false;
  changed();
}
