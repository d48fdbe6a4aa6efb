// One chart over time: uPlot with the page's colours, a legend that can be read, and the numbers
// as a table for who can't see the picture.

import uPlot from "./vendored/uplot.js";
import { h } from "./h.js";
import { clock, clockSeconds, counted } from "./words.js";

const HEIGHT = 160;
const GRID = 0.6; // pixels
const FRESH = 3; // points: what was measured last before them is not of now

/**
 * A chart in a figure. `title`; `format` writes a value; `stacked` lays series on each other.
 * Returns `root`, `show(at, series)` and `destroy()`; a series is `{name, colour, values}`, where
 * `colour` is a CSS value of one custom property, `var(--region-1)`.
 */
export function chart({ title, format, stacked }) {
  const place = h("div", { class: "chart-place" });
  const legend = h("ul", { class: "chart-legend" });
  const caption = h("figcaption", {}, h("h3", {}, title), legend);
  const table = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, as numbers` });
  const numbers = h("details", { class: "chart-numbers" }, h("summary", {}, "as numbers"), table);
  const root = h("figure", { class: "chart" }, caption, place, numbers);
  const state = { at: [], series: [], plot: null, key: "" };

  function show(at, series) {
    state.at = at;
    state.series = series;
    const key = series.map((each) => each.name + each.colour).join("\n");
    if (state.plot && key === state.key) state.plot.setData(plotted());
    else draw(key);
    say(null);
    if (numbers.open) tell();
    place.setAttribute("aria-label", summary());
  }

  function plotted() {
    return [state.at, ...(stacked ? piled(state.series) : state.series).map((each) => each.values)];
  }

  function draw(key = state.key) {
    state.key = key;
    state.plot?.destroy();
    state.plot = null;
    if (!state.series.length || !place.clientWidth) return;
    state.plot = new uPlot(options(), plotted(), place);
  }

  function options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name.replace(/^var\((.*)\)$/, "$1")).trim();
    const axis = {
      stroke: colour("--quiet"), font: `12px ${colour("--font")}`,
      grid: { stroke: colour("--line"), width: GRID }, ticks: { show: false },
    };
    return {
      width: place.clientWidth, height: HEIGHT, padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "charts" }, points: { show: !stacked }, drag: { x: false, y: false }, y: false },
      hooks: { setCursor: [(plot) => say(plot.cursor.idx)] },
      scales: { x: { time: true }, y: { range: (plot, low, high) => [0, Math.max(high * 1.12, 1)] } },
      axes: [
        { ...axis, space: 70, size: 26, values: (plot, ticks, column, space, step) => ticks.map((at) => hour(at, step)) },
        { ...axis, size: 58, gap: 6, space: 36, values: (plot, ticks) => ticks.map((value) => format(value)) },
      ],
      series: [{}, ...state.series.map((each) => ({
        label: each.name, stroke: colour(each.colour), width: stacked ? 1 : 1.75, spanGaps: false,
        points: { show: false }, fill: stacked ? faded(colour(each.colour)) : undefined,
      }))],
      bands: stacked ? state.series.slice(1).map((each, index) => ({ series: [index + 2, index + 1] })) : [],
    };
  }

  // The legend says the values under the cursor, or else the latest.
  function say(index) {
    const at = index ?? latest();
    legend.replaceChildren(
      h("li", { class: "chart-when" }, state.at.length ? (index == null && (!at || at >= state.at.length - FRESH) ? "now" : clockSeconds(state.at[at])) : ""),
      ...state.series.map((each) => h("li", {},
        h("span", { class: "swatch", style: { "--colour": each.colour } }), h("span", {}, each.name), " ",
        h("b", {}, format(each.values[at])))),
    );
  }

  function latest() {
    for (let index = state.at.length - 1; index > 0; index -= 1) {
      if (state.series.some((each) => each.values[index] != null)) return index;
    }
    return 0;
  }

  function summary() {
    if (!state.at.length) return `${title}: nothing measured yet`;
    const said = state.series.map((each) => {
      const { now, most } = numbersOf(each.values);
      return `${each.name} ${format(now)} now, ${format(most)} at the most`;
    });
    return `${title}, ${clock(state.at[0])} to ${clock(state.at.at(-1))}: ${said.join("; ")}`;
  }

  function tell() {
    const rows = state.series.map((each) => {
      const { now, least, mean, most } = numbersOf(each.values);
      return h("tr", {}, h("th", { scope: "row" }, each.name),
        ...[now, least, mean, most].map((value) => h("td", {}, format(value))));
    });
    const head = ["series", "now", "least", "mean", "most"].map((word) => h("th", { scope: "col" }, word));
    table.replaceChildren(h("table", { class: "numbers" },
      h("caption", { class: "hidden-words" }, `${title}: ${counted(state.at.length, "point")}`),
      h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
  }

  numbers.addEventListener("toggle", () => numbers.open && tell());
  place.setAttribute("role", "img");
  const resized = new ResizeObserver(() => {
    if (!state.plot) draw();
    else if (state.plot.width !== place.clientWidth) state.plot.setSize({ width: place.clientWidth, height: HEIGHT });
  });
  resized.observe(place);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const redraw = () => draw();
  scheme.addEventListener("change", redraw);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });

  function destroy() {
    resized.disconnect();
    scheme.removeEventListener("change", redraw);
    theme.disconnect();
    state.plot?.destroy();
  }

  return { root, show, destroy };
}

// Each series with those before it beneath; a band is filled from its line to the one below.
function piled(series) {
  const sums = new Array(series[0]?.values.length ?? 0).fill(0);
  const piles = series.map((each) => {
    const values = each.values.map((value, index) => (value == null ? null : (sums[index] += value)));
    return { ...each, values };
  });
  return piles;
}

function faded(colour) {
  return /^#[0-9a-f]{6}$/i.test(colour) ? `${colour}88` : colour;
}

function hour(at, step) {
  return step < 60 ? clockSeconds(at) : clock(at);
}

/** What is said of a series: the latest value that is known, and the least, mean and most. */
export function numbersOf(values) {
  const known = values.filter((value) => value != null);
  if (!known.length) return { now: null, least: null, mean: null, most: null };
  const sum = known.reduce((total, value) => total + value, 0);
  return {
    now: known.at(-1), least: Math.min(...known), mean: sum / known.length, most: Math.max(...known),
  };
}
