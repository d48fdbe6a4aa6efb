// What a busy machine makes come and go within seconds is not worth waking anybody for: counts of
// targets are told once they have stood for a while. Pure, but for what it remembers.

const LEAST = 20; // seconds that a count stands before it is told
const FLEETING = ["stale", "impaired", "disbelieved"];

/** Returns what makes of a status the one that is to be told of. */
export function createLasting() {
  const since = new Map();
  return (status) => {
    if (!status.health) return status;
    const health = { ...status.health };
    for (const name of FLEETING) {
      if (!(health[name] > 0)) since.delete(name);
      else if (!since.has(name)) since.set(name, status.now);
      if (since.has(name) && status.now - since.get(name) < LEAST) health[name] = 0;
    }
    return { ...status, health };
  };
}
