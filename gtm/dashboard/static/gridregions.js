// The regions of one decision: verdict, why, since when, who is sent there, and the acts on each.

import { fill, h } from "./h.js";
import { regionColour, regionName, regionsOf, stateOf } from "./marks.js";
import { bare, milliseconds, moment, rate, short } from "./measures.js";
import { verdictWord } from "./stateword.js";
import { ago, percent } from "./words.js";

/** The table for the decision that `context` is about: an app's, or a spread app's service's. */
export function regionsTable(context) {
  const { app, service, zone } = context;
  const together = app.topology === "replicated";
  const regions = together ? app.regions : (service?.regions ?? []);
  const names = regionsOf(zone);
  const rows = regions.map((one) => row(one, { ...context, names }));
  const what = together || !service ? app.name : short(service.name, zone.name);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Regions of ${what}` },
    h("table", { class: "regions" }, h("caption", { class: "hidden-words" }, `Regions of ${what}`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Region"), h("th", { scope: "col" }, "Verdict"),
        h("th", { scope: "col", class: "wide" }, "Because"), h("th", { scope: "col" }, "Since"),
        h("th", { scope: "col" }, "Answers"), h("th", { scope: "col", class: "number" }, "Responds"),
        context.may ? h("th", { scope: "col" }, h("span", { class: "hidden-words" }, "Acts")) : null)),
      h("tbody", {}, rows)));
}

function row(one, context) {
  const { names, now } = context;
  return h("tr", { class: `is-${stateOf(one)}` },
    h("th", { scope: "row" }, regionName(names, one.region)),
    h("td", {}, verdictWord(one)),
    h("td", { class: "why wide" }, one.reason),
    h("td", { class: "since" }, since(one, now)),
    h("td", { dataset: { answers: one.region } }),
    h("td", { class: "number" }, milliseconds(one.response_ms)),
    context.may ? h("td", { class: "acts" }, button(one, context)) : null);
}

/** Puts what is answered now into the table at `place`. The rest of it stays as it is: a button that
 * is drawn anew each second can't be clicked. */
export function showAnswers(place, context) {
  const answers = answersOf(context, context.app.topology === "replicated");
  const total = [...answers.values()].reduce((sum, one) => sum + one, 0);
  for (const cell of place.querySelectorAll("[data-answers]")) {
    const region = cell.dataset.answers;
    const made = share(regionsOf(context.zone), region, answers.get(region) ?? 0, total);
    if (!cell.firstChild?.isEqualNode(made)) fill(cell, made);
  }
}

// A bar and its numbers: part of the answers of the last seconds.
function share(names, region, answered, total) {
  if (!total) return h("span", { class: "quiet" }, "–");
  const part = answered / total;
  return h("span", { class: "share", title: `${rate(answered)} of ${rate(total)}` },
    h("span", { class: "share-bar" }, h("span", { style: { width: `${(part * 100).toFixed(1)}%`, background: regionColour(names, region) } })),
    h("span", { class: "share-part" }, percent(part)), h("span", { class: "quiet share-rate" }, rate(answered)));
}

function button(one, { zone, app, service, act }) {
  const drained = stateOf(one) === "drained" || one.act !== null;
  const place = { zone: zone.name, app: app.name, service: app.topology === "replicated" ? "" : (service?.name ?? ""), region: one.region };
  return h("button", {
    type: "button", class: "button button-small", dataset: { key: `act-${one.region}` },
    "aria-label": `${drained ? "Undrain" : "Drain"} ${one.region}`, onclick: () => (drained ? act.undrain(place) : act.drain(place)),
  }, drained ? "Undrain …" : "Drain …");
}

/** When something became what it is: how long ago, with the exact time in its title. */
export function since(one, now) {
  if (!one.since) return "";
  const element = moment(one.since, ago(one.since, now));
  element.dataset.since = one.since;
  return element;
}

function answersOf({ zone, app, service, shares }, together) {
  const found = new Map();
  for (const one of shares) {
    const here = bare(one.zone) === bare(zone.name) && one.app === app.name
      && (together || short(one.service, zone.name) === short(service?.name ?? "", zone.name));
    if (here) found.set(one.region, (found.get(one.region) ?? 0) + one.per_second);
  }
  return found;
}
