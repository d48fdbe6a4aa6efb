// Numbers, times and names as people read them. Pure.

/** "62 %", "0.4 %", "100 %" of a fraction; "–" if it is not known. */
export function percent(fraction) {
  if (fraction === null || fraction === undefined || Number.isNaN(fraction)) return "–";
  const value = fraction * 100;
  if (value === 0 || value >= 9.95) return `${Math.round(value)} %`;
  return value < 0.05 ? "< 0.1 %" : `${value.toFixed(1)} %`;
}

/** "1,234" or "12.3 k": at most four digits and a unit. */
export function count(value) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) < 10_000) return Math.round(value).toLocaleString("en");
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (Math.abs(value) >= size * 0.9995) {
      const scaled = value / size;
      return `${scaled.toFixed(scaled < 99.95 ? 1 : 0)} ${unit}`;
    }
  }
  return String(value);
}

/** "12 s", "3 min", "2 h 5 min", "4 d": how long `seconds` are. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86400) {
    const minutes = Math.floor((whole % 3600) / 60);
    return `${Math.floor(whole / 3600)} h${minutes ? ` ${minutes} min` : ""}`;
  }
  const hours = Math.floor((whole % 86400) / 3600);
  return `${Math.floor(whole / 86400)} d${hours && whole < 864000 ? ` ${hours} h` : ""}`;
}

/** "just now", "12 s ago", "2 h 5 min ago". */
export function ago(at, now) {
  return now - at < 1 ? "just now" : `${span(now - at)} ago`;
}

/** "03:12", or "20 Nov 03:12" if it was not within the last 20 hours; in the reader's time zone. */
export function clock(at, now = at) {
  const date = new Date(at * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (Math.abs(now - at) < 72_000) return time;
  return `${date.getDate()} ${date.toLocaleString("en", { month: "short" })} ${time}`;
}

/** "03:12:45", in the reader's time zone. */
export function clockSeconds(at) {
  return `${clock(at)}:${two(new Date(at * 1000).getSeconds())}`;
}

/** "2026-11-20 03:12:45 +01:00": a time in full, for titles. */
export function stamp(at) {
  const date = new Date(at * 1000);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "−" : "+"}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clockSeconds(at)} ${zone}`;
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(names, most = 3) {
  if (names.length <= 1) return names.join("");
  const shown = names.length > most ? names.slice(0, most - 1) : names.slice(0, -1);
  const last = names.length > most ? `${names.length - shown.length} more` : names.at(-1);
  return `${shown.join(", ")} and ${last}`;
}

/** "1 region", "3 regions". */
export function counted(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** "orders" of "orders.gtm.example.com" in the zone "gtm.example.com"; the zone itself is "@". */
export function shortName(service, zone) {
  if (service === zone) return "@";
  return service.endsWith(`.${zone}`) ? service.slice(0, -zone.length - 1) : service;
}

function two(number) {
  return String(Math.floor(number)).padStart(2, "0");
}
