// The map as a table, for who can't see it: places by their share of clients.

import { fill, h } from "./h.js";
import { regionName } from "./marks.js";
import { goesTo, sharesOf } from "./mix.js";
import { percent } from "./words.js";

const MOST = 300; // places

/** Fills a <details>; its table is made when it is opened. */
export function placesTable(root, map, names, asked) {
  if (!root.firstChild) {
    root.append(h("summary", {}, "Places as a table"), h("div", { class: "places-scroll", tabindex: "0", role: "region", "aria-label": "Places" }));
    root.addEventListener("toggle", () => root.draw());
  }
  root.draw = () => {
    if (root.open) fill(root.lastChild, table(map, names, asked));
  };
  root.draw();
}

function table(map, names, asked) {
  const places = [...map.places].sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1)).slice(0, MOST);
  const left = map.places.length - places.length;
  return h("table", { class: "plain" },
    h("caption", { class: "hidden-words" }, "Where clients go, by place"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Place"), h("th", { scope: "col", class: "number" }, "Clients"), h("th", { scope: "col" }, "Go to"), asked && h("th", { scope: "col" }, "What if"))),
    h("tbody", {}, places.map((place) => h("tr", {},
      h("th", { scope: "row" }, place.name), h("td", { class: "number" }, percent(place.weight)),
      h("td", {}, shares(goesTo(place), names)), asked && h("td", {}, shares(goesTo(place, "regions_if"), names))))),
    left > 0 && h("tfoot", {}, h("tr", {}, h("td", { colspan: 4, class: "quiet" }, `and ${left} more`))));
}

function shares(mix, names) {
  const all = sharesOf(mix);
  return all.map(([region, share]) => h("span", { class: "tip-share" }, regionName(names, region), all.length > 1 && percent(share)));
}
