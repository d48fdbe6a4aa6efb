// Lays verdicts of the event stream over a status. Pure: what is touched is copied, the rest shared.

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
