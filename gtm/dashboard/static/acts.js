// Drain, force, take back: the dialogs that change something. They say what would happen first, and
// what safety says; nothing is done without a reason, a name and a click.

import { actForm } from "./actform.js";
import { authorOf } from "./author.js";
import { fill, h } from "./h.js";
import { bare, short } from "./measures.js";
import { counted } from "./words.js";

const SHOWN = 12_000; // milliseconds that an outcome is shown

const context = { store: null, api: null, dialog: null, outcome: null, opener: null, timer: null };

/** Mounts the place of the dialogs; returns what takes it away. */
export function mount(root, store, api) {
  const dialog = h("dialog", { class: "dialog act", "aria-labelledby": "act-title", onclose: closed, onclick: (event) => {
    if (event.target === dialog) dialog.close(); // beside the dialog: on its backdrop
  } });
  const outcome = h("div", { class: "outcome", role: "status" });
  Object.assign(context, { store, api, dialog, outcome });
  root.append(dialog, outcome);
  return () => {
    clearTimeout(context.timer);
    root.replaceChildren();
  };
}

/** Whether who looks at the page may change anything. */
export function mayOperate(store) {
  return (store.get("whoami")?.scopes ?? []).includes("operate");
}

/** Opens the dialog that drains a region: {zone, app, service, region}; service "" is the app. */
export function openDrain(place) {
  open((close) => actForm({ ...context, act: "drain", targets: targetsOf(place), close, done }));
}

/** Opens the dialog for an act (drain, up, down) on one target, as the command line writes it. */
export function openAct({ act, target }) {
  open((close) => actForm({ ...context, act, targets: [[target, ""]], close, done }));
}

/** Opens the dialog that takes a drain back: {zone, app, service, region}. */
export function openUndrain(place) {
  const show = ({ overrides }) => openTakeBack(overrides.filter((one) => isAbout(one, place)), place.endpoint ?? place.region);
  // the status may be older than what was drained a moment ago
  context.api.get("/v1/overrides").then(show, () => show(context.store.get("status") ?? { overrides: [] }));
}

/** Opens the dialog that asks whether these overrides are to end; `what` is their subject. */
export function openTakeBack(overrides, what) {
  open((close) => takeBack(overrides, what, close));
}

function open(made) {
  const { dialog } = context;
  if (dialog.open) dialog.close();
  context.opener = document.activeElement;
  fill(dialog, made(() => dialog.close()));
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

// The browser gives the focus back to what opened the dialog; where that was drawn anew meanwhile,
// it goes to its successor.
function closed() {
  const { dialog, opener } = context;
  fill(dialog);
  const successor = opener?.dataset?.key && document.querySelector(`[data-key="${CSS.escape(opener.dataset.key)}"]`);
  (opener?.isConnected ? opener : successor)?.focus?.();
}

/** Says how an act came out, for a while. */
function done(text) {
  const { dialog, outcome } = context;
  dialog.close();
  fill(outcome, h("p", {}, text));
  clearTimeout(context.timer);
  context.timer = setTimeout(() => fill(outcome), SHOWN);
}

// What may be meant by a place on the screen, the widest first: each as a target and its meaning.
function targetsOf({ zone, app, service, region, endpoint }) {
  const zones = context.store.get("status")?.zones ?? [];
  const prefix = zones.length > 1 && zone ? `zone:${bare(zone)}/` : "";
  const name = service && short(service, zone ?? "");
  const topology = zones.find((one) => one.name === zone)?.apps.find((one) => one.name === app)?.topology;
  const found = [[`${prefix}region/${region}`, prefix ? `every app of ${bare(zone)} there` : "every app there"]];
  if (app) found.push([`${prefix}app/${app}/${region}`, `the app ${app} there`]);
  if (name) found.push([`${prefix}service/${name}/${region}`, topology === "replicated" ? `${name} there, and with it all of ${app}` : `${name} there`]);
  if (endpoint) found.push([`${prefix}endpoint/${endpoint}`, "this address, wherever it is used"]);
  return endpoint ? found.reverse() : found;
}

function isAbout(override, { zone, app, service, region }) {
  const changed = [...override.changes, ...override.coming];
  return changed.some((one) => one.zone === zone && one.region === region && (!app || one.app === app)
    && (!service || !one.service || one.service === service));
}

function takeBack(overrides, what, close) {
  const error = h("p", { class: "panel-error", role: "alert", hidden: true });
  const remove = async (one, button) => {
    button.disabled = true;
    try {
      const { store, api } = context;
      const found = await api.del("/v1/overrides", { number: one.number, by: authorOf(store) || store.get("whoami")?.name });
      done(`${one.target} is no longer ${one.said}. ${changed(found.changes)}`);
    } catch (reason) {
      button.disabled = false;
      error.hidden = false;
      error.textContent = reason.message;
    }
  };
  const list = overrides.map((one, index) => h("li", {},
    h("p", {}, h("b", {}, one.target), ` ${one.said}`),
    h("p", { class: "quiet" }, one.changes.length ? `Without it: ${listedChanges(one.changes, true)}.` : "It changes nothing now."),
    h("button", { type: "button", class: "button button-main", autofocus: index === 0, onclick: (event) => void remove(one, event.currentTarget) }, "Take back")));
  return h("div", { class: "act-body" },
    h("h2", { id: "act-title" }, `Take back what holds ${what}`),
    overrides.length ? h("ul", { class: "act-overrides" }, list)
      : h("p", {}, "No override is about it: the checks decide."), error,
    h("div", { class: "act-buttons" }, h("button", { type: "button", class: "button", onclick: close, autofocus: !overrides.length }, "Close")));
}

/** What an act changed, as a sentence. */
export function changed(changes) {
  return changes.length ? `Changed now: ${listedChanges(changes, false)}.` : "That changes nothing now.";
}

const FEW = 3; // changes that are named

function listedChanges(changes, back) {
  const sorted = [...changes].sort((one, other) => Number(one.endpoint !== "") - Number(other.endpoint !== ""));
  const said = sorted.slice(0, FEW).map((one) => {
    const who = one.endpoint ? `${one.endpoint} of ${one.service || one.app}` : one.service || one.app;
    return back ? `${who} in ${one.region} is ${one.before}` : `${who} in ${one.region} ${one.before} → ${one.after}`;
  });
  const more = changes.length - said.length;
  return said.join(", ") + (more > 0 ? `, and ${counted(more, "other verdict")}` : "");
}
