// Asks for a token where the server needs one. It is kept for this tab alone (sessionStorage).

import { fill, h } from "./h.js";

export function mount(root, store, api) {
  return store.watch("gate", (gate) => {
    root.hidden = gate === null;
    if (gate === null) return fill(root);
    const input = h("input", {
      type: "password", id: "token", autocomplete: "off", spellcheck: "false", placeholder: "gtm_…", required: true,
    });
    const send = (event) => {
      event.preventDefault();
      api.useToken(input.value);
      store.set("again", {});
    };
    fill(root, h("form", { class: "gate-box", onsubmit: send },
      h("h2", {}, "This server needs a token"),
      gate.refused && h("p", { class: "problem", role: "alert" }, gate.why ?? "The token was not taken: it is not known here, was revoked, or has expired."),
      h("label", { for: "token" }, "Token with the scope ", h("code", {}, "read"), ", or ", h("code", {}, "operate"), " to drain"),
      input,
      h("button", { class: "button button-main", type: "submit" }, "Open"),
      h("p", { class: "quiet" }, "Make one on the server: ", h("code", {}, "gtm keys token add NAME --scope read"), ". It is kept here until the tab is closed.")));
    input.focus();
    return undefined;
  });
}
