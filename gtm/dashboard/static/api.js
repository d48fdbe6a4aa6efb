// Speaks to the API: JSON with the token, errors as sentences, and the event stream, which is
// read by fetch because EventSource can't send a token.

const KEY = "gtm-token"; // in sessionStorage: gone when the tab is closed
const SILENCE = 40_000; // ms without a byte, comments included: the stream is dead
const FIRST_WAIT = 500; // ms before the first attempt to connect again
const LONGEST_WAIT = 15_000;

/** What the API refused: `status` 0 is no answer at all; the message is a sentence. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** `onRefused` is called when a token is needed, or the one that was sent is not taken. */
export function createApi({ onRefused = () => {} } = {}) {
  let token = sessionStorage.getItem(KEY) ?? "";

  function headers(more) {
    return token ? { ...more, Authorization: `Bearer ${token}` } : { ...more };
  }

  async function call(method, path, { query, body, signal } = {}) {
    const init = { method, signal, cache: "no-store", headers: headers({ Accept: "application/json" }) };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
      init.headers["Content-Type"] = "application/json";
    }
    const answer = await reached(address(path, query), init);
    const text = await answer.text();
    if (!answer.ok) throw refused(answer, text);
    return text ? JSON.parse(text) : null;
  }

  async function reached(url, init) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError("cannot reach the server: no answer from it", 0);
    }
  }

  function refused(answer, text) {
    if (answer.status === 401) onRefused();
    return new ApiError(sentence(text) ?? `cannot do it: HTTP ${answer.status}`, answer.status);
  }

  return {
    get: (path, query, signal) => call("GET", path, { query, signal }),
    post: (path, body) => call("POST", path, { body }),
    del: (path, query) => call("DELETE", path, { query }),
    hasToken: () => token !== "",

    /** Uses this token from now on, for this tab; "" forgets it. */
    useToken(text) {
      token = text.trim();
      if (token) sessionStorage.setItem(KEY, token);
      else sessionStorage.removeItem(KEY);
    },

    /** Reads /v1/events until stopped, connecting again by itself.
     *
     * `onEvent(kind, data)` for each event, `onState(state, error)` with "live",
     * "reconnecting" or "refused", `onAlive()` for every byte. Returns what stops it. */
    events({ onEvent, onState, onAlive = () => {} }) {
      const stop = new AbortController();
      follow(stop.signal, { onEvent, onState, onAlive }, reached, headers, refused);
      return () => stop.abort();
    },
  };
}

async function follow(signal, readers, reached, headers, refused) {
  let last = "";
  let wait = FIRST_WAIT;
  while (!signal.aborted) {
    const dead = new AbortController();
    const end = () => dead.abort();
    signal.addEventListener("abort", end);
    try {
      const init = { headers: headers({ Accept: "text/event-stream" }), cache: "no-store", signal: dead.signal };
      if (last) init.headers["Last-Event-ID"] = last;
      const answer = await reached("/v1/events", init);
      if (!answer.ok) throw refused(answer, await answer.text());
      readers.onState("live", null);
      wait = FIRST_WAIT;
      await read(answer.body, dead, (event) => {
        if (event === null) return readers.onAlive();
        if (event.id) last = event.id;
        readers.onEvent(event.kind, event.data);
      });
      throw new ApiError("the server ended the stream of events", 0);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401 || error.status === 403) return readers.onState("refused", error.message);
      const why = error.name === "AbortError" ? "nothing was heard from the server" : error.message;
      readers.onState("reconnecting", why);
    } finally {
      signal.removeEventListener("abort", end);
    }
    // spread out, so that a hundred screens do not come back in the same instant
    await sleep(wait * (0.5 + Math.random()), signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

/** Reads a stream of events (WHATWG HTML, 9.2.6); calls `take` with each, and with null for
 * every piece that came. */
async function read(body, dead, take) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let timer = setTimeout(() => dead.abort(), SILENCE);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => dead.abort(), SILENCE);
      take(null);
      const parts = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const event = parsed(part);
        if (event !== null) take(event);
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

/** One event of a stream, null for a comment or what is not JSON. */
export function parsed(text) {
  let [id, kind, data] = ["", "message", []];
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") id = value;
    else if (field === "event") kind = value;
    else if (field === "data") data.push(value);
  }
  if (data.length === 0) return null;
  try {
    return { id, kind, data: JSON.parse(data.join("\n")) };
  } catch {
    return null;
  }
}

function address(path, query) {
  const pairs = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) pairs.append(key, String(one));
    }
  }
  const text = pairs.toString();
  return text ? `${path}?${text}` : path;
}

function sentence(text) {
  try {
    return JSON.parse(text).error ?? null;
  } catch {
    return text.trim().split("\n", 1)[0].slice(0, 300) || null;
  }
}

function sleep(ms, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });
}
