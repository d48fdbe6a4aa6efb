// The overrides in force: what operators said against the checks, by whom, why, until when, how far a
// drain has come, and a way to take each back. Nothing is shown while there is none.

import { mayOperate, openTakeBack } from "./acts.js";
import { fill, h } from "./h.js";
import { mark } from "./marks.js";
import { counted, span } from "./words.js";

const STATES = { drain: "drained", up: "up", down: "down" };

/** Mounts the list; returns what takes it away. */
export function mount(root, store) {
  const count = h("span", { class: "count" });
  const list = h("ul", { class: "overrides" });
  const note = h("p", { class: "panel-error", role: "status", hidden: true });
  fill(root, h("header", { class: "panel-head" }, h("h2", {}, "Overrides"), count), note, list);
  root.hidden = true;
  let key = "";

  function show() {
    const status = store.get("status");
    const overrides = status?.overrides ?? [];
    root.hidden = !overrides.length;
    const wanted = JSON.stringify([overrides, mayOperate(store)]);
    if (wanted !== key) {
      key = wanted;
      count.textContent = `${counted(overrides.length, "override")} in force`;
      fill(list, overrides.map((one) => item(one, store)));
      say(status?.kept);
    }
    tick();
  }

  function say(kept) {
    const text = kept?.unsaved ? `The latest change could not be saved: ${kept.unsaved}`
      : kept && kept.path === null ? "They are lost when the server stops: serve with --state DIR to keep them." : "";
    note.hidden = !text;
    note.textContent = text;
    note.classList.toggle("is-note", !kept?.unsaved);
  }

  function tick() {
    const now = store.get("second");
    for (const one of store.get("status")?.overrides ?? []) {
      const line = list.querySelector(`[data-number="${one.number}"] .override-left`);
      if (line) line.textContent = left(one, now);
    }
  }

  const offs = [store.subscribe(["status", "whoami"], show), store.subscribe("second", tick)];
  show();
  return () => {
    for (const off of offs) off();
    root.replaceChildren();
  };
}

function item(one, store) {
  const changes = one.changes.length ? one.changes : one.coming;
  return h("li", { class: `override act-${one.act}`, "data-number": one.number },
    mark(STATES[one.act] ?? "unknown"),
    h("div", { class: "override-what" },
      h("p", {}, h("b", {}, one.target), " ", one.said),
      h("p", { class: "quiet" }, h("span", { class: "override-left" }), changes.length
        ? `; ${one.changes.length ? "changes" : "will change"} ${counted(changes.length, "verdict")}` : "; changes nothing now")),
    mayOperate(store) ? h("button", {
      type: "button", class: "button button-small", "data-key": `override-${one.number}`, onclick: () => openTakeBack([one], one.target),
    }, "Take back") : null);
}

/** How far a drain has come, and how long the override holds. */
function left(one, now) {
  const parts = [one.expires === null ? "until taken back" : `${span(one.expires - now)} left`];
  if (one.held) parts.push(`due, but held back by safety: ${one.held}`);
  else if (one.phase === "safe") parts.push("safe: no client that honours TTLs is left");
  else if (one.next_phase && one.next_at !== null) parts.push(`${one.phase}, ${one.next_phase} in ${span(one.next_at - now)}`);
  return parts.join("; ");
}
