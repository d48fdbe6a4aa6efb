// Keeps `map` in the store: what GET /v1/map says of the selection, with the what-if's regions down.

import { ApiError } from "./api.js";

const SOON = 120; // ms: verdicts come together
const SELDOM = 20_000; // ms: shares by traffic drift
const FIRST = 6_000; // ms: traffic begins to be counted
const LEAST = 1_000; // ms between two fetches that nobody asked for

export function feed(store, api) {
  let timer = null;
  let last = 0;
  let asked = 0;

  function plan(ms) {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(ms, LEAST - (performance.now() - last)));
  }

  async function ask() {
    clearTimeout(timer);
    const selection = store.get("selection");
    if (!selection) return;
    const number = ++asked;
    last = performance.now();
    try {
      const found = await api.get("/v1/map", { ...selection, down: store.get("down") });
      if (number !== asked) return; // another was asked for since
      store.set("map", found);
      store.set("mapError", null);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (number === asked) store.set("mapError", error.message);
    }
    const uncounted = store.get("map")?.weighed_by !== "traffic" && store.get("tick")?.queries > 0;
    timer = setTimeout(ask, uncounted ? FIRST : SELDOM);
  }

  const stops = [
    store.watch("selection", ask),
    store.subscribe("down", ask),
    store.subscribe("epoch", () => plan(SOON)),
    () => clearTimeout(timer),
  ];
  return () => stops.forEach((stop) => stop());
}
