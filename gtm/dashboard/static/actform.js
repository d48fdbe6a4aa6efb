// The form of an act: what is meant, why, for how long and by whom; what would move; what safety says.

import { changed } from "./acts.js";
import { authorOf, rememberAuthor } from "./author.js";
import { fill, h } from "./h.js";
import { preview } from "./actpreview.js";

const LENGTHS = [[900, "15 minutes"], [1800, "30 minutes"], [3600, "1 hour"], [7200, "2 hours"], [28800, "8 hours"], [86400, "1 day"], ["", "until taken back"]];
const USUAL = 3600;
const WORDS = {
  drain: { title: "Drain", button: "Drain", told: "Takes it out of the answers. Clients follow as what they hold runs out." },
  down: { title: "Force down", button: "Force down", told: "Holds it to be down, whatever its checks say." },
  up: { title: "Force up", button: "Force up", told: "Holds it to be up, whatever its checks say: for checks that are wrong." },
};
const CONFLICT = 409;
const BY_FLAG = /; force it \(--force\).*$/; // how the command line does what is a tick here
const TYPING = 350; // milliseconds without a change before a rehearsal is asked for

/** The dialog's content. `targets` are [target, meaning] to choose from; `done(text)` ends it. */
export function actForm({ store, api, act, targets, close, done }) {
  const words = WORDS[act];
  const state = { refused: "", busy: false };
  const title = h("h2", { id: "act-title" });
  const target = targets.length > 1 ? choice(targets, () => { title.textContent = named(); calm(); look(); }) : null;
  const reason = h("input", { id: "act-reason", type: "text", required: true, maxlength: "500", autocomplete: "off", autofocus: true, placeholder: "kernel update, CHG-1234" });
  const author = h("input", { id: "act-author", type: "text", required: true, maxlength: "100", autocomplete: "username", value: authorOf(store) });
  const lasting = h("select", { id: "act-for" }, LENGTHS.map(([value, text]) => h("option", { value, selected: value === USUAL }, text)));
  const planned = h("input", { id: "act-planned", type: "checkbox", onchange: () => look() });
  const force = h("input", { id: "act-force", type: "checkbox", onchange: () => enable() });
  const anyway = h("label", { class: "act-check act-anyway", hidden: true }, force, h("span", {}, "I know, do it all the same"));
  const error = h("p", { class: "panel-error", role: "alert", hidden: true });
  const shown = h("div", { class: "act-preview", "aria-live": "polite" });
  const button = h("button", { type: "submit", class: act === "up" ? "button button-main" : "button button-danger" }, words.button);
  const form = h("form", { class: "act-body", method: "dialog", onsubmit: submit },
    title, h("p", { class: "quiet" }, words.told), target,
    h("div", { class: "act-fields" },
      labelled("Reason", reason), h("div", { class: "act-pair" }, labelled("For", lasting), labelled("Who", author))),
    act === "drain" ? h("label", { class: "act-check" }, planned, h("span", {}, "Planned: lower the TTL first, withdraw when the old one has run out")) : null,
    shown, error, anyway,
    h("div", { class: "act-buttons" }, h("button", { type: "button", class: "button", onclick: close }, "Cancel"), button));

  function named() {
    return `${words.title} ${chosen()}`;
  }

  function chosen() {
    return target?.querySelector("input:checked")?.value ?? targets[0][0];
  }

  function body(more) {
    return {
      act, target: chosen(), reason: reason.value.trim(), author: author.value.trim(),
      seconds: lasting.value === "" ? null : Number(lasting.value), planned: planned.checked, force: force.checked, ...more,
    };
  }

  // What safety refuses can be forced, once that has been read and ticked.
  function refuse(text, conflict) {
    state.refused = conflict ? text : "";
    error.hidden = false;
    error.textContent = text.replace(BY_FLAG, ".");
    anyway.hidden = !conflict;
    enable();
  }

  function calm() {
    state.refused = "";
    error.hidden = true;
    anyway.hidden = true;
    force.checked = false;
    enable();
  }

  function enable() {
    button.disabled = state.busy || (state.refused !== "" && !force.checked);
    button.textContent = force.checked ? `${words.button} all the same` : words.button;
  }

  let waiting = null;
  let looked = 0;
  function look() {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const number = (looked += 1);
      const found = await preview({ store, api, act, target: chosen(), planned: planned.checked });
      if (number !== looked || !form.isConnected) return;
      fill(shown, found.elements);
      if (found.refused) refuse(found.refused, true);
      else if (!force.checked) calm();
    }, looked ? TYPING : 0);
  }

  async function submit(event) {
    event.preventDefault();
    if (!reason.value.trim() || !author.value.trim()) return;
    rememberAuthor(author.value.trim());
    clearTimeout(waiting);
    looked += 1; // what a rehearsal says from now on is older than what the act itself says
    state.busy = true;
    enable();
    try {
      const found = await api.post("/v1/overrides", body());
      const coming = found.coming?.length && !found.changes.length;
      done(`${found.override.target} is ${found.override.said}. ${coming ? "It is withdrawn once the old TTL has run out." : changed(found.changes)}`);
    } catch (problem) {
      refuse(problem.message, problem.status === CONFLICT);
    } finally {
      state.busy = false;
      enable();
    }
  }

  title.textContent = named();
  look();
  return form;
}

function choice(targets, changed) {
  return h("fieldset", { class: "act-targets" }, h("legend", {}, "What"), targets.map(([value, meaning], index) =>
    h("label", {}, h("input", { type: "radio", name: "act-target", value, checked: index === 0, onchange: changed }),
      h("code", {}, value), h("span", { class: "quiet" }, meaning))));
}

function labelled(words, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, words), control);
}
