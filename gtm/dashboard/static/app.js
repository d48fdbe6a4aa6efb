// Starts the page: asks who we are, mounts the panels, keeps the state live, follows the address.

import { createApi } from "./api.js";
import { mount as mountBar } from "./bar.js";
import { mount as mountCharts } from "./charts.js";
import { mount as mountActs } from "./acts.js";
import { mount as mountExplain } from "./explain.js";
import { mount as mountGate } from "./gate.js";
import { mount as mountGrid } from "./grid.js";
import { follow } from "./live.js";
import { mount as mountMap } from "./map.js";
import { mount as mountOverrides } from "./overrides.js";
import { mount as mountServices } from "./services.js";
import { mount as mountSummary } from "./summary.js";
import { mount as mountTimeline } from "./timeline.js";
import { address, chosen } from "./selection.js";
import { createStore } from "./store.js";
import { listenToKeys } from "./keys.js";

const PANELS = [
  ["summary", mountSummary],
  ["services", mountServices],
  ["map", mountMap],
  ["overrides", mountOverrides],
  ["endpoints", mountGrid],
  ["traffic", mountCharts],
  ["timeline", mountTimeline],
  ["explain", mountExplain],
  ["dialogs", mountActs],
];

const store = createStore({
  whoami: null,
  status: null,
  selection: null,
  connection: { state: "connecting", since: Date.now() / 1000, error: null },
  seen: null,
  second: Date.now() / 1000,
  tick: null,
  events: [],
  epoch: null,
  map: null,
  mapError: null,
  down: [],
  gate: null,
  starting: null,
  search: "",
});
const api = createApi({ onRefused: () => askForToken() });

function askForToken() {
  // the one that was sent is not known, or expired: say so rather than ask as if it were new
  store.set("gate", { refused: api.hasToken() });
}

function mountPanels() {
  for (const [id, mount] of PANELS) {
    try {
      mount(document.getElementById(id), store, api);
    } catch (error) {
      console.error(`panel ${id}:`, error);
    }
  }
}

function followAddress() {
  const choose = () => {
    // explain.js keeps what it is asked in the address: the selection stays as it is
    if (location.hash.startsWith("#explain") && store.get("selection")) return;
    const found = chosen(location.hash, store.get("status"));
    const now = store.get("selection");
    if (JSON.stringify(found) === JSON.stringify(now)) return;
    store.set("down", []);
    store.set("map", null);
    store.set("selection", found);
  };
  addEventListener("hashchange", choose);
  store.subscribe("status", choose);
  store.subscribe("selection", (selection) => {
    const hash = address(selection);
    if (location.hash.startsWith("#explain")) return;
    if (selection && location.hash !== hash) history.replaceState(null, "", hash);
  });
}

mountBar(document.getElementById("bar"), store, api);
mountGate(document.getElementById("gate"), store, api);
mountPanels();
followAddress();
listenToKeys(store);
follow(store, api);
store.watch(["status", "gate", "starting", "connection"], () => {
  const there = store.get("status") !== null;
  document.getElementById("page").hidden = !there || store.get("gate") !== null;
  const waiting = document.getElementById("waiting");
  waiting.hidden = there || store.get("gate") !== null;
  waiting.textContent = store.get("starting") ?? store.get("connection").error ?? "Asking the server how it is …";
});
