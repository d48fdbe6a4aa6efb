// Events that come of one cause, as one: a region that fails takes its services and endpoints along.

const TOGETHER = 6; // seconds between events of one cause, at the most
const WIDTH = { all_down: 4, region: 3, service: 2, endpoint: 1 };

/** Groups `events` (newest first): each {lead, rest}, where `lead` is the widest of its group. */
export function causes(events) {
  const groups = [];
  const open = new Map(); // by cause: the group whose oldest event is the latest seen of it
  for (const event of events) {
    const cause = causeOf(event);
    const group = cause && open.get(cause);
    if (group && group.until - event.at <= TOGETHER) {
      group.events.push(event);
      group.until = event.at;
      continue;
    }
    const fresh = { events: [event], until: event.at };
    groups.push(fresh);
    if (cause) open.set(cause, fresh);
  }
  return groups.map(({ events: found }) => {
    const lead = found.reduce((widest, event) => (WIDTH[event.kind] > WIDTH[widest.kind] ? event : widest));
    return { lead, rest: found.filter((event) => event !== lead) };
  });
}

function causeOf(event) {
  if (!WIDTH[event.kind]) return "";
  return [event.zone, event.app, event.region, event.after, event.by].join("\n");
}
