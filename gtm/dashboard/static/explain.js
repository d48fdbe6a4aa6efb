// What would this client get: an address, a name and a type, and the whole of /v1/explain, in the
// order in which `gtm explain` tells it. #explain?name=...&client=... leads here.

import { fill, h } from "./h.js";
import { bare } from "./measures.js";
import { networkOf } from "./networks.js";
import { verdictWord } from "./stateword.js";
import { percent } from "./words.js";

const TYPES = ["A", "AAAA", "HTTPS", "SVCB", "SRV", "TXT", "CNAME", "MX", "NS", "SOA", "CAA", "ANY"];

/** Mounts the box; returns what takes it away. */
export function mount(root, store, api) {
  const names = h("datalist", { id: "explain-names" });
  const name = field("name", { list: "explain-names", placeholder: "orders.gtm.example.com" });
  const client = field("client", { placeholder: "81.2.69.142 or 2001:db8::1", inputmode: "text" });
  const type = h("select", { name: "type", id: "explain-type" }, ...TYPES.map((one) => h("option", {}, one)));
  const result = h("div", { class: "explained", "aria-live": "polite", "aria-busy": "false" });
  const form = h("form", { class: "explain-form", onsubmit: submit },
    labelled("Name", name), labelled("Type", type), labelled("Client address", client),
    h("button", { type: "submit", class: "button button-main" }, "Explain"), names);
  fill(root, h("header", { class: "panel-head" }, h("h2", {}, "What would this client get?"),
    h("button", { type: "button", class: "chip", onclick: itself }, "use my address")), form, result);

  let asked = 0;
  async function submit(event) {
    event?.preventDefault();
    const query = { name: name.value.trim(), type: type.value, client: client.value.trim() };
    if (!query.name || !query.client) {
      (query.name ? client : name).focus();
      return fill(result, wrong(query.name ? "Which client? Write its IP address." : "Which name? Write one of the zone’s."));
    }
    history.replaceState(null, "", `#explain?${new URLSearchParams(query)}`);
    const number = (asked += 1);
    result.setAttribute("aria-busy", "true");
    try {
      const found = await api.get("/v1/explain", query);
      if (number === asked) fill(result, explained(found));
    } catch (error) {
      if (number === asked) fill(result, wrong(error.message));
    } finally {
      if (number === asked) result.setAttribute("aria-busy", "false");
    }
  }

  function itself() {
    client.value = "127.0.0.1";
    client.focus();
  }

  function offer(status) {
    if (!status) return;
    const found = status.zones.flatMap((zone) => zone.apps.flatMap((app) => app.services.map((one) => full(one, zone))));
    fill(names, found.slice(0, 500).map((value) => h("option", { value })));
    if (!name.value && found.length) name.value = found[0];
  }

  // The address of the page may say what to explain: links in tickets and chats do.
  function follow() {
    const [panel, query] = location.hash.slice(1).split("?");
    if (panel !== "explain" || !query) return;
    const wanted = new URLSearchParams(query);
    name.value = wanted.get("name") ?? name.value;
    client.value = wanted.get("client") ?? "";
    type.value = (wanted.get("type") ?? "A").toUpperCase();
    if (!type.value) type.value = "A";
    if (name.value && client.value) void submit();
  }

  const off = store.watch("status", offer);
  addEventListener("hashchange", follow);
  follow();
  return () => {
    off();
    removeEventListener("hashchange", follow);
    root.replaceChildren();
  };
}

function full(service, zone) {
  return bare(service.name.endsWith(".") ? service.name : service.name.includes(".") ? service.name : `${service.name}.${zone.name}`);
}

function field(name, more) {
  return h("input", { id: `explain-${name}`, name, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "none", required: false, ...more });
}

function labelled(words, control) {
  return h("div", { class: "field" }, h("label", { for: control.id }, words), control);
}

function wrong(text) {
  return h("p", { class: "panel-error", role: "alert" }, text);
}

// --- the explanation ----------------------------------------------------------------------

/** All of it, as elements. */
export function explained(found) {
  const { steering } = found;
  return [
    h("div", { class: "explain-answer" },
      h("p", { class: "explain-question" }, h("b", {}, `${bare(found.name)} ${found.type}`), " asked from ", h("b", {}, found.client)),
      answer(found), h("p", { class: "explain-summary" }, found.summary)),
    facts(found),
    steering ? h("div", { class: "explain-tables" }, regions(steering.regions), steering.regions.filter((one) => one.picked).map(endpoints)) : null,
  ];
}

function answer(found) {
  if (!found.answer.length) return h("p", { class: "explain-none" }, `${found.rcode}, without an answer`);
  return h("pre", { class: "explain-records", tabindex: "0", "aria-label": "The answer" }, found.answer.join("\n"));
}

function facts(found) {
  const { steering, place } = found;
  const rows = [["zone", found.zone === null ? "none that is served" : bare(found.zone)]];
  if (steering) {
    rows.push(["service", `${steering.service}, of the ${steering.topology} app ${steering.app}: ${steering.policy}`]);
    for (const note of steering.notes) rows.push(["", note]);
  }
  rows.push(["client", where(found.client, place)]);
  if (place.asn !== null) {
    rows.push(["AS", `${place.asn} ${place.organisation ?? ""}`.trimEnd() + `, by ${place.asn_network} in ${file(place.asn_database)}`]);
  }
  if (steering) rows.push(["area", `number ${steering.area} of ${steering.areas} (from 0)`]);
  rows.push(["scope", found.scope === 0 ? "/0: holds for every client" : `/${found.scope}: holds for ${networkOf(found.client, found.scope)}`]);
  if (steering && found.answer.length) rows.push(["ttl", `${steering.ttl} s: ${steering.ttl_reason}`]);
  return h("dl", { class: "facts" }, rows.map(([term, text]) => (term ? [h("dt", {}, term), h("dd", {}, text)] : h("dd", {}, text))));
}

function where(client, place) {
  if (place.database === null) return `${client}: no geo database knows where it is`;
  const at = place.latitude === null ? "" : ` (${place.latitude.toFixed(2)}, ${place.longitude.toFixed(2)})`;
  return `${place.code || "at an unnamed place"}${at}, by ${place.network} in ${file(place.database)}`;
}

function file(path) {
  return (path ?? "").split("/").at(-1);
}

function regions(found) {
  const dropped = found.filter((one) => one.dropped !== null);
  const rows = found.map((one) => h("tr", { class: one.picked ? "picked" : "" },
    h("th", { scope: "row" }, one.picked ? h("span", { class: "arrow", "aria-hidden": "true" }, "→") : null,
      one.region, one.picked ? h("span", { class: "hidden-words" }, " (picked)") : null),
    h("td", { class: "number" }, one.cost === null ? "" : `${one.cost.toFixed(1)} ms`), h("td", {}, roundTrip(one)),
    h("td", { class: "number" }, one.bias > 0 ? `+${one.bias}` : String(one.bias)),
    h("td", { class: "number" }, one.share ? percent(one.share) : "–"),
    h("td", {}, verdictWord({ ...one, by: "probe" }))));
  return [
    tabled("Regions, cheapest first", ["region", "cost", "round trip", "bias", "share", "verdict"], rows, [1, 3, 4]),
    dropped.length ? h("ul", { class: "explain-dropped" }, dropped.map((one) => h("li", {}, verdictWord(one, one.region), h("span", {}, one.dropped)))) : null,
  ];
}

function roundTrip(one) {
  if (one.rtt_ms === null || one.rtt_from === null) return "place not known";
  const added = one.service_ms ? ` + service ${one.service_ms.toFixed(1)} ms` : "";
  if (one.rtt_from.startsWith("measured")) return `${one.rtt_ms.toFixed(1)} ms ${one.rtt_from}${added}`;
  return `${one.rtt_ms.toFixed(1)} ms for ${Math.round(one.distance_km ?? 0).toLocaleString("en")} km${added}`;
}

function endpoints(region) {
  const rows = region.endpoints.flatMap((one) => [
    h("tr", {}, h("th", { scope: "row" }, one.endpoint), h("td", {}, verdictWord({ ...one, by: "probe" })),
      h("td", { class: "number" }, one.share ? percent(one.share) : "–"),
      h("td", { class: "why" }, (one.answered ? "" : "not answered: ") + one.reason + goesBy(one))),
    ...one.checks.map((check) => h("tr", { class: "check" }, h("th", { scope: "row", class: `depth-${Math.min(check.depth, 3)}` }, check.name),
      h("td", {}, verdictWord(check)), h("td", {}, ""), h("td", { class: "why" }, check.reason))),
  ]);
  return tabled(`Endpoints in ${region.region}`, ["endpoint", "verdict", "first in", "reason"], rows, [2]);
}

function goesBy(one) {
  if (one.response_ms !== null) return `; responds in ${one.response_ms.toFixed(1)} ms (smoothed)`;
  return one.load === null ? "" : `; load ${one.load}`;
}

function tabled(title, heads, rows, numbers) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
    h("table", { class: "grid" }, h("caption", {}, title),
      h("thead", {}, h("tr", {}, heads.map((head, index) => h("th", { scope: "col", class: numbers.includes(index) ? "number" : "" }, head)))),
      h("tbody", {}, rows)));
}
