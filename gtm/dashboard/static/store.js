// What the page knows, in one object. Panels subscribe to keys; who is told is told once for all
// changes made in the same turn of the event loop.
//
// keys       what they hold
// whoami     GET /v1/whoami
// status     GET /v1/status, with verdicts that came since laid over it; null until the first
// selection  {zone, app, service}: service "" is the app as one; null with no zone
// connection {state: "connecting" | "live" | "reconnecting" | "refused", since, error}
// seen       Unix time (the server's) at which the server was last heard
// second     Unix time (the server's), once a second: for ages
// tick       the latest `traffic` event, once a second
// events     the latest events of the stream, newest first: [{kind, ...data}]
// epoch      the number of the snapshot in force
// starting   why the server does not answer yet, a sentence; null once it does
// search     the words in the search box
// gate       {refused, why} while a token is asked for, else null
// map        GET /v1/map for the selection, with `down` of the what-if; null until it is there
// down       names of the regions that the what-if switches off, in order
// mapError   why there is no map, a sentence; null if there is one

export function createStore(initial) {
  const values = new Map(Object.entries(initial));
  const readers = new Map();
  let changed = new Set();

  function tell() {
    const keys = changed;
    changed = new Set();
    const told = new Set();
    for (const key of keys) {
      for (const reader of [...(readers.get(key) ?? [])]) {
        if (told.has(reader)) continue;
        told.add(reader);
        try {
          reader(values.get(key), key);
        } catch (error) {
          console.error(error); // one panel that fails must not stop the others
        }
      }
    }
  }

  const store = {
    get: (key) => values.get(key),

    /** Sets `key`; readers are told unless it is the same value. */
    set(key, value) {
      if (Object.is(values.get(key), value)) return;
      values.set(key, value);
      if (changed.size === 0) queueMicrotask(tell);
      changed.add(key);
    },

    /** Sets `key` to what `change` makes of its value. */
    update(key, change) {
      store.set(key, change(values.get(key)));
    },

    /** Calls `reader(value, key)` after each change of `key` (or of any of several keys, once).
     * Returns what ends it. */
    subscribe(key, reader) {
      const keys = Array.isArray(key) ? key : [key];
      for (const one of keys) {
        if (!readers.has(one)) readers.set(one, new Set());
        readers.get(one).add(reader);
      }
      return () => keys.forEach((one) => readers.get(one)?.delete(reader));
    },

    /** As subscribe, and calls it once now. */
    watch(key, reader) {
      const first = Array.isArray(key) ? key[0] : key;
      reader(values.get(first), first);
      return store.subscribe(key, reader);
    },
  };
  return store;
}
