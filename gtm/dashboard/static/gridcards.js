// A service's endpoints, a card for each region: verdict, latency, the last probes as a line, and the
// reason in words.

import { since } from "./gridregions.js";
import { h, s } from "./h.js";
import { mark, regionName, regionsOf, stateOf } from "./marks.js";
import { milliseconds, short } from "./measures.js";
import { gist } from "./situation.js";
import { spark } from "./spark.js";
import { stateWords, verdictWord } from "./stateword.js";
import { stamp } from "./words.js";

const DRAIN = "M8 1.4L14.6 8 8 14.6 1.4 8zM6.4 6v4M9.6 6v4"; // as the mark of what is drained
const TAKE_BACK = "M3.4 6.3a5 5 0 1 1-.4 3M3 2.6v3.8h3.8";

/** The cards; `probes` has the last probes by region and endpoint, or null. */
export function endpointCards(service, probes, context) {
  return h("div", { class: "cards" }, service.regions.map((region) => card(service, region, probes, context)));
}

function card(service, region, probes, context) {
  const up = region.endpoints.filter((one) => stateOf(one) === "up").length;
  return h("section", { class: `card is-${stateOf(region)}`, "aria-label": `${short(service.name, context.zone.name)} in ${region.region}` },
    h("header", {}, h("h3", {}, regionName(regionsOf(context.zone), region.region)), verdictWord(region),
      h("span", { class: "card-up quiet" }, `${up}/${region.endpoints.length}`)),
    why(region),
    h("ul", { class: "endpoints" }, region.endpoints.map((one) => endpoint(service, region, one, probes, context))));
}

// Why the service is not up there: the rest of the reason is that of endpoints, which have their own.
function why(region) {
  if (stateOf(region) === "up") return null;
  const told = region.endpoints.some((one) => stateOf(one) === stateOf(region));
  const words = told ? region.reason.split("; ")[0] : region.reason;
  if (region.endpoints.some((one) => one.reason === words)) return null;
  return h("p", { class: "card-why" }, words);
}

function endpoint(service, region, one, probes, context) {
  const found = probes?.find(region.region, one.endpoint);
  return h("li", { class: `endpoint is-${stateOf(one)}` },
    h("div", { class: "endpoint-line" },
      mark(stateOf(one)), h("span", { class: "hidden-words" }, `${stateWords(one)}: `),
      h("span", { class: "endpoint-name mono", title: one.endpoint }, one.endpoint),
      found?.at.length ? spark(found.at, found.latency_ms) : h("span", { class: "spark-none" }),
      h("span", { class: "number endpoint-ms" }, one.state === "down" && one.act === null ? "–" : milliseconds(one.latency_ms)),
      context.may ? drain(service, region, one, context) : null),
    h("p", { class: "endpoint-why" }, h("span", { class: "endpoint-reason", title: one.reason }, stateOf(one) === "up" ? gist(one.reason) : one.reason), since(one, context.now)),
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
  }, icon(held ? TAKE_BACK : DRAIN));
}

function icon(path) {
  return s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: path }));
}
