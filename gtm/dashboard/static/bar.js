// The bar at the top: name, search, connection, who we are, light or dark, help; and the tab's icon.

import { fill, h, s } from "./h.js";
import { span } from "./words.js";

const STALE = 5; // seconds without a word from the server: what is shown may be old
const THEMES = ["auto", "light", "dark"];

export function mount(root, store) {
  const pill = h("button", { class: "pill", type: "button", "aria-live": "polite" });
  const who = h("span", { class: "who", title: "Who acts are logged as" });
  const epoch = h("span", { class: "epoch", title: "The number of the snapshot that is answered from" });
  const search = h("input", {
    id: "search", type: "search", placeholder: "Find a service", autocomplete: "off",
    spellcheck: "false", "aria-label": "Find an app or service", "aria-controls": "services-list",
    oninput: () => store.set("search", search.value),
    onkeydown: (event) => {
      if (event.key === "Escape") { search.value = ""; store.set("search", ""); search.blur(); }
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault();
        store.set("entered", { how: event.key });
      }
    },
  });
  root.append(
    h("h1", { class: "brand-place" }, h("a", { class: "brand", href: "#/", "aria-label": "gtm dashboard" }, logo(), "gtm")),
    h("label", { class: "search" }, glass(), search, h("kbd", {}, "/")),
    h("div", { class: "bar-end" }, epoch, who, pill, themeSwitch(), helpButton()),
  );

  const stops = [
    store.watch(["connection", "seen", "second", "starting", "gate"], () => showConnection(pill, store)),
    store.subscribe("search", (words) => { if (search.value !== words) { search.value = words; search.blur(); } }),
    store.watch("epoch", (number) => fill(epoch, number === null ? "" : `epoch ${number}`)),
    store.watch("whoami", (whoami) => fill(who, whoami ? whose(whoami) : "")),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Whether what is shown may be out of date: no word from the server for a while. */
export function isStale(store) {
  const seen = store.get("seen");
  return seen === null || store.get("second") - seen > STALE;
}

function showConnection(pill, store) {
  const { state, error } = store.get("connection");
  const stale = isStale(store);
  const seen = store.get("seen");
  const shown = store.get("gate") ? "gate" : store.get("starting") ? "starting" : state === "live" && stale ? "quiet" : state;
  const silent = seen === null ? "" : ` · ${span(store.get("second") - seen)}`;
  const words = {
    live: "Live", connecting: "Connecting", reconnecting: `Reconnecting${silent}`,
    quiet: `Silent${silent}`, gate: "Needs a token", refused: "Refused", starting: "Starting",
  }[shown];
  pill.className = `pill pill-${shown}`;
  pill.title = error ?? store.get("starting") ?? "What is shown is what the server says now";
  if (pill.textContent !== words) fill(pill, h("span", { class: "pulse" }), words);
  document.documentElement.classList.toggle("is-stale", stale && shown !== "connecting" && seen !== null);
}

function whose(whoami) {
  const may = whoami.scopes.includes("operate") ? "" : h("span", { class: "tag" }, "read-only");
  return [whoami.name && whoami.name !== whoami.via ? whoami.name : "", may];
}

function themeSwitch() {
  let theme = THEMES.includes(localStorage.getItem("gtm-theme")) ? localStorage.getItem("gtm-theme") : "auto";
  const button = h("button", { class: "icon-button", type: "button", onclick: () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    localStorage.setItem("gtm-theme", theme);
    show();
  } });
  function show() {
    document.documentElement.dataset.theme = theme;
    const words = { auto: "Light or dark as the system is", light: "Light", dark: "Dark" }[theme];
    button.title = words;
    button.setAttribute("aria-label", `Colours: ${words}`);
    fill(button, themeIcon(theme));
  }
  show();
  return button;
}

function helpButton() {
  const rows = [
    ["/", "find an app or service"], ["↑ ↓ Enter", "go through the list, choose"],
    ["m e q t x", "map, endpoints, traffic, timeline, explain"],
    ["Tab, Space", "on the map: region by region; what if it were off"],
    ["Esc", "end the what-if"], ["?", "these keys"],
  ];
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Keys"),
    h("dl", { class: "keys" }, rows.map(([key, words]) => [h("dt", {}, key.split(" ").map((one) => h("kbd", {}, one))), h("dd", {}, words)])),
    h("form", { method: "dialog" }, h("button", { class: "button" }, "Close")));
  document.body.append(dialog);
  return h("button", { id: "help", class: "icon-button", type: "button", title: "Keys", "aria-label": "Keys",
    onclick: () => dialog.showModal() }, "?");
}

function logo() {
  return s("svg", { class: "logo", viewBox: "0 0 24 24", "aria-hidden": "true" },
    s("circle", { cx: 12, cy: 12, r: 9.2 }),
    s("path", { d: "M2.8 12h18.4M12 2.8c5 5.4 5 13 0 18.4M12 2.8c-5 5.4-5 13 0 18.4" }));
}

function glass() {
  return s("svg", { class: "glass", viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("circle", { cx: 7, cy: 7, r: 4.5 }), s("path", { d: "M10.5 10.5L14 14" }));
}

function themeIcon(theme) {
  const inner = {
    light: [s("circle", { cx: 8, cy: 8, r: 3 }), s("path", { d: "M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.5 1.5M11.5 11.5L13 13M13 3l-1.5 1.5M4.5 11.5L3 13" })],
    dark: [s("path", { d: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z" })],
    auto: [s("circle", { cx: 8, cy: 8, r: 6 }), s("path", { class: "solid", d: "M8 2a6 6 0 0 1 0 12z" })],
  }[theme];
  return s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, inner);
}
