// The network of an address: what a scope holds for. Pure.

/** "81.2.0.0/17" for 81.2.69.142 and 17; null if `text` is no address. */
export function networkOf(text, bits) {
  const groups = text.includes(":") ? six(text) : four(text);
  if (!groups) return null;
  const size = groups.length === 4 ? 8 : 16;
  const kept = groups.map((group, index) => {
    const left = Math.min(Math.max(bits - index * size, 0), size);
    return group & ~((1 << (size - left)) - 1) & ((1 << size) - 1);
  });
  return `${groups.length === 4 ? kept.join(".") : written(kept)}/${bits}`;
}

function four(text) {
  const parts = text.split(".").map(Number);
  return parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256) ? parts : null;
}

function six(text) {
  const [head, tail] = text.split("::").map((half) => half.split(":").filter(Boolean));
  const middle = tail ? new Array(Math.max(8 - head.length - tail.length, 0)).fill("0") : [];
  const parts = [...head, ...middle, ...(tail ?? [])].map((part) => Number.parseInt(part, 16));
  return parts.length === 8 && parts.every((part) => part >= 0 && part < 65536) ? parts : null;
}

// The longest run of zeroes is "::" (RFC 5952, 4.2).
function written(groups) {
  const text = groups.map((group) => group.toString(16)).join(":");
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].sort((one, other) => other[0].length - one[0].length);
  if (!runs.length) return text;
  const { index, 0: run } = runs[0];
  const rest = text.slice(index + run.length);
  return `${text.slice(0, index)}::${rest.replace(/^:/, "")}`;
}
