// A sparkline: the latency of an endpoint's last probes, with a tick where one failed.

import { s } from "./h.js";
import { milliseconds } from "./measures.js";
import { counted } from "./words.js";

const WIDTH = 120;
const HEIGHT = 24;
const MOST = 60; // probes drawn

/** Draws `at` (Unix seconds) and `latency` (milliseconds, null where the probe failed). */
export function spark(at, latency) {
  const values = latency.slice(-MOST);
  const root = s("svg", {
    class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": told(values),
  });
  if (!values.length) return root;
  const top = highest(values);
  const x = (index) => WIDTH - 3 - (values.length - 1 - index) * ((WIDTH - 6) / (MOST - 1));
  const y = (value) => HEIGHT - 4 - (value / top) * (HEIGHT - 8);
  for (const run of runs(values)) {
    const points = run.map(([index, value]) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`);
    const line = run.length > 1 ? `M${points.join("L")}` : `M${points[0]}h0.01`;
    root.append(s("path", { class: "spark-line", d: line }));
  }
  values.forEach((value, index) => {
    if (value === null) root.append(s("path", { class: "spark-fail", d: `M${x(index).toFixed(1)} 3V${HEIGHT - 3}` }));
  });
  const last = values.at(-1);
  if (last !== null) {
    root.append(s("circle", { class: "spark-now", cx: x(values.length - 1), cy: y(last), r: 2 }));
  }
  return root;
}

/** The same in words. */
export function told(values) {
  const good = values.filter((value) => value !== null);
  const failed = values.length - good.length;
  const probes = counted(values.length, "probe");
  if (!values.length) return "no probe yet";
  if (!good.length) return `the last ${probes} failed`;
  const range = `${milliseconds(Math.min(...good))} to ${milliseconds(Math.max(...good))}`;
  return `the last ${probes}: ${range}${failed ? `, ${failed} failed` : ""}`;
}

// A lone spike must not flatten all the rest: what is above twice the 90th percentile is cut.
function highest(values) {
  const good = values.filter((value) => value !== null).sort((one, other) => one - other);
  if (!good.length) return 1;
  const usual = good[Math.floor((good.length - 1) * 0.9)];
  return Math.max(Math.min(good.at(-1), usual * 2), 0.1);
}

function runs(values) {
  const found = [];
  let run = [];
  const top = highest(values);
  values.forEach((value, index) => {
    if (value === null) {
      if (run.length) found.push(run);
      run = [];
    } else {
      run.push([index, Math.min(value, top)]);
    }
  });
  if (run.length) found.push(run);
  return found;
}
