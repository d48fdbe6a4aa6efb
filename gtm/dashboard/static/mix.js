// Shares of clients: by country, by region, and from where to where they move. Pure.

const LEAST = 0.0005; // a share below this is not shown

/** By country (ISO alpha-2): {mix: Map of region to share (sum 1), weight, moved, names}.
 *
 * `field` is "regions" (now) or "regions_if" (of a what-if; places without it are as now). */
export function byCountry(places, field = "regions") {
  const found = new Map();
  for (const place of places) {
    if (!place.country) continue;
    if (!found.has(place.country)) {
      found.set(place.country, { mix: new Map(), sum: 0, weight: 0, moved: 0, names: [] });
    }
    const one = found.get(place.country);
    const heavy = place.weight || 1e-9; // a country without clients is tinted all the same
    for (const [region, share] of Object.entries(goesTo(place, field))) {
      one.mix.set(region, (one.mix.get(region) ?? 0) + share * heavy);
    }
    one.sum += heavy;
    one.weight += place.weight;
    one.moved += movedOf(place.regions, goesTo(place, field)) * heavy;
    one.names.push(place.name);
  }
  for (const one of found.values()) {
    for (const [region, part] of one.mix) one.mix.set(region, part / one.sum);
    one.moved /= one.sum;
  }
  return found;
}

/** Where the clients of a place go: {region: share}. */
export function goesTo(place, field = "regions") {
  return place[field] ?? place.regions;
}

/** The fraction that is elsewhere in `after` than in `before`. */
export function movedOf(before, after) {
  if (before === after) return 0;
  let stay = 0;
  for (const [region, share] of Object.entries(before)) stay += Math.min(share, after[region] ?? 0);
  return Math.max(0, 1 - stay);
}

/** From which region to which clients move: [{from, to, share}], largest first; shares are of all
 * clients. `before` and `after` are fields of a place. */
export function flows(places, before, after) {
  const found = new Map();
  for (const place of places) {
    const [was, is] = [goesTo(place, before), goesTo(place, after)];
    if (was === is) continue;
    const gains = Object.entries(is).map(([region, share]) => [region, Math.max(0, share - (was[region] ?? 0))]);
    const gained = gains.reduce((sum, [, share]) => sum + share, 0);
    if (gained < 1e-6) continue;
    for (const [from, share] of Object.entries(was)) {
      const lost = Math.max(0, share - (is[from] ?? 0)) * place.weight;
      for (const [to, gain] of lost > 0 ? gains : []) {
        if (gain > 0) found.set(`${from} ${to}`, (found.get(`${from} ${to}`) ?? 0) + (lost * gain) / gained);
      }
    }
  }
  return [...found]
    .map(([key, share]) => ({ from: key.split(" ")[0], to: key.split(" ")[1], share }))
    .filter((flow) => flow.share >= LEAST)
    .sort((a, b) => b.share - a.share);
}

/** [[region, share], …], largest first, without what is too little to show. */
export function sharesOf(mix) {
  return [...(mix instanceof Map ? mix : Object.entries(mix))]
    .filter(([, share]) => share >= LEAST)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}
