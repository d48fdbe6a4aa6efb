// Statuses: names as everywhere else, and verdicts of the event stream laid over them. What is
// touched is copied, the rest shared.

/** A status just come, with names of zones and services without the dot at their end, as all other
 * calls have them. Changes it in place: it is large, and nobody else has it yet. */
export function bare(status) {
  for (const zone of status.zones) {
    zone.name = undotted(zone.name);
    for (const app of zone.apps) for (const service of app.services) service.name = undotted(service.name);
  }
  for (const load of status.loads ?? []) load.zones = load.zones.map(undotted);
  return status;
}

function undotted(name) {
  return name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name;
}

/** `status` with a verdict event {at, zone, app, service, region, endpoint, after, reason, by}. */
export function laid(status, event) {
  if (!status) return status;
  const zones = within(status.zones, "name", event.zone, (zone) => {
    const apps = within(zone.apps, "name", event.app, (app) => ofApp(app, event));
    return apps && { ...zone, apps };
  });
  return zones ? { ...status, zones } : status;
}

function ofApp(app, event) {
  if (!event.service) {
    const regions = within(app.regions, "region", event.region, (region) => verdict(region, event));
    return regions && { ...app, regions };
  }
  const services = within(app.services, "name", event.service, (service) => {
    const regions = within(service.regions, "region", event.region, (region) => {
      if (!event.endpoint) return verdict(region, event);
      const endpoints = within(region.endpoints, "endpoint", event.endpoint, (one) => verdict(one, event));
      return endpoints && { ...region, endpoints };
    });
    return regions && { ...service, regions };
  });
  return services && { ...app, services };
}

function verdict(thing, event) {
  const drained = event.after === "drained";
  return {
    ...thing,
    state: drained ? "down" : event.after,
    act: drained ? "drain" : null,
    reason: event.reason,
    since: event.at,
    by: event.by,
  };
}

/** A copy of `list` with the one whose `key` is `name` replaced; null if there is none such. */
function within(list, key, name, change) {
  const place = list.findIndex((one) => one[key] === name);
  if (place < 0) return null;
  const changed = change(list[place]);
  return changed ? list.with(place, changed) : null;
}
