// A verdict in words and shape, with who decided it where that was not the checks.

import { h } from "./h.js";
import { mark, stateOf } from "./marks.js";

/** "up", "drained", "down (forced)", "down (reports)": the words of the command line. */
export function stateWords(verdict) {
  if (verdict.act === "drain") return "drained";
  if (verdict.act) return `${verdict.state} (forced)`;
  return verdict.by === "reports" ? `${verdict.state} (reports)` : verdict.state;
}

/** A verdict as mark, word and colour; `words` where others say it better. */
export function verdictWord(verdict, words = stateWords(verdict)) {
  const state = stateOf(verdict);
  return h("span", { class: `state state-${state}` }, mark(state), words);
}
