// Keeps the store true: who we are, the status, and what the stream of events says since.

import { ApiError } from "./api.js";
import { statusFetch } from "./statusfetch.js";
import { laid } from "./verdicts.js";

const SOON = 400; // ms: what came together is fetched once
const SELDOM = 15_000; // ms between two fetches when nothing happens
const SHARE = 40; // a fetch that took t is followed by none for SHARE * t
const STARTING = 1_000; // ms until the next question to a server that is not ready yet
const KEPT = 500; // events

export function follow(store, api) {
  const fetchStatus = statusFetch(store, api);
  let timer = null;
  let due = Infinity; // performance.now() of the next fetch
  let took = 0; // ms of the latest fetch
  let ended = 0; // performance.now() of its end
  let busy = false;
  let skew = 0; // the server's clock minus ours, seconds
  let stop = null;

  function plan(ms) {
    const at = Math.max(performance.now() + ms, ended + took * SHARE);
    if (at >= due) return;
    due = at;
    clearTimeout(timer);
    timer = setTimeout(refresh, at - performance.now());
  }

  async function refresh() {
    due = Infinity;
    if (busy) return plan(SOON);
    busy = true;
    const began = performance.now();
    try {
      const status = await fetchStatus();
      heard(status.now);
      store.set("status", status);
      store.set("epoch", status.epoch);
      store.set("starting", null);
      took = performance.now() - began;
    } catch (error) {
      failed(error);
    } finally {
      busy = false;
      ended = performance.now();
    }
    if (store.get("gate") === null) plan(store.get("starting") ? STARTING : SELDOM);
    return undefined;
  }

  async function lookCloser(selection) {
    if (!selection || !fetchStatus.lacks(selection)) return;
    try {
      const status = await fetchStatus.detailed(selection);
      if (store.get("selection") === selection) store.set("status", status);
    } catch (error) {
      failed(error);
    }
  }

  function failed(error) {
    if (!(error instanceof ApiError)) throw error;
    took = 0;
    if (error.status === 503) store.set("starting", error.message);
    else if (error.status === 403) store.set("gate", { refused: true, why: error.message });
  }

  function heard(now) {
    if (typeof now === "number") skew = now - Date.now() / 1000;
    store.set("seen", Date.now() / 1000 + skew);
  }

  function takeIn(kind, data) {
    heard(data.now ?? null);
    if (kind === "traffic") return store.set("tick", data);
    if (kind === "hello") store.set("epoch", data.epoch);
    if (kind === "hello" || kind === "gap") return plan(0);
    store.update("events", (events) => [{ kind, ...data }, ...events].slice(0, KEPT));
    if (kind === "verdict") store.update("status", (status) => laid(status, data));
    // an epoch comes after whatever made it: the verdict, the override, the reload
    if (kind === "epoch") store.set("epoch", data.epoch);
    else plan(SOON);
    return undefined;
  }

  function changed(state, error) {
    const before = store.get("connection");
    if (state !== before.state || error !== before.error) {
      const since = state === before.state ? before.since : Date.now() / 1000;
      store.set("connection", { state, error, since });
    }
    if (state === "reconnecting") plan(SELDOM / 3); // without a stream, asking is all there is
  }

  async function start() {
    stop?.();
    try {
      const whoami = await api.get("/v1/whoami");
      store.set("whoami", whoami);
      if (whoami.tokens_needed && whoami.scopes.length === 0) {
        return store.set("gate", { refused: api.hasToken() });
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401 || error.status === 403) return undefined; // the gate is open
      store.set("connection", { state: "reconnecting", since: Date.now() / 1000, error: error.message });
      setTimeout(start, STARTING);
      return undefined;
    }
    store.set("gate", null);
    took = 0;
    plan(0);
    stop = api.events({ onEvent: takeIn, onState: changed, onAlive: () => heard(null) });
    return undefined;
  }

  setInterval(() => store.set("second", Date.now() / 1000 + skew), 1000);
  store.subscribe("again", start); // gate.js sets it when there is another token
  store.subscribe("selection", lookCloser);
  start();
}
