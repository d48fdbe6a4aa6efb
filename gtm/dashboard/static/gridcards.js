// A service's endpoints, a card for each region: verdict, latency, the last probes as a line, and the
// reason in words.

import { since } from "./gridregions.js";
import { h } from "./h.js";
import { mark, regionName, regionsOf, stateOf } from "./marks.js";
import { milliseconds } from "./measures.js";
import { spark } from "./spark.js";
import { stateWords, verdictWord } from "./stateword.js";
import { stamp } from "./words.js";

/** The cards; `probes` has the last probes by region and endpoint, or null. */
export function endpointCards(service, probes, context) {
  return h("div", { class: "cards" }, service.regions.map((region) => card(service, region, probes, context)));
}

function card(service, region, probes, context) {
  const up = region.endpoints.filter((one) => stateOf(one) === "up").length;
  return h("section", { class: `card is-${stateOf(region)}`, "aria-label": `${service.name} in ${region.region}` },
    h("header", {}, h("h3", {}, regionName(regionsOf(context.zone), region.region)), verdictWord(region),
      h("span", { class: "card-up quiet" }, `${up}/${region.endpoints.length}`)),
    says(region) ? h("p", { class: "card-why" }, region.reason) : null,
    h("ul", { class: "endpoints" }, region.endpoints.map((one) => endpoint(service, region, one, probes, context))));
}

// The region's reason is worth a line where it is not merely that of its endpoints.
function says(region) {
  return stateOf(region) !== "up" && !region.endpoints.some((one) => one.reason === region.reason);
}

function endpoint(service, region, one, probes, context) {
  const found = probes?.find(region.region, one.endpoint);
  return h("li", { class: `endpoint is-${stateOf(one)}` },
    h("div", { class: "endpoint-line" },
      mark(stateOf(one)), h("span", { class: "hidden-words" }, `${stateWords(one)}: `),
      h("span", { class: "endpoint-name mono", title: one.endpoint }, one.endpoint),
      found?.at.length ? spark(found.at, found.latency_ms) : h("span", { class: "spark-none" }),
      h("span", { class: "number endpoint-ms" }, milliseconds(one.latency_ms)),
      context.may ? drain(service, region, one, context) : null),
    h("p", { class: "endpoint-why" }, h("span", { class: "endpoint-reason" }, one.reason), since(one, context.now)),
    one.expires_soon ? h("p", { class: "endpoint-warn" }, `certificate ends ${stamp(one.expires)}`) : null,
    one.checks.length ? h("ul", { class: "checks" }, one.checks.map(check)) : null);
}

function check(one) {
  return h("li", { class: `depth-${Math.min(one.depth, 3)}` }, verdictWord(one, one.name),
    h("span", { class: "quiet" }, one.reason), one.latency_ms === null ? null : h("span", { class: "number" }, milliseconds(one.latency_ms)));
}

function drain(service, region, one, { zone, app, act }) {
  const held = one.act !== null;
  const place = { zone: zone.name, app: app.name, service: service.name, region: region.region, endpoint: one.endpoint };
  return h("button", {
    type: "button", class: "icon-button endpoint-act", dataset: { key: `act-${service.name}-${one.endpoint}` },
    title: held ? "Undrain …" : "Drain …", "aria-label": `${held ? "Undrain" : "Drain"} ${one.endpoint}`,
    onclick: () => (held ? act.undrain(place) : act.drain(place)),
  }, h("span", { "aria-hidden": "true" }, held ? "↺" : "⏏"));
}
