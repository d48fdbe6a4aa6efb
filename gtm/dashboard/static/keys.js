// Keys of the whole page. Panels have their own; none acts while someone writes.

/** `/` search, `m` map, `e` endpoints, `t` timeline, `x` explain, `w` what-if, `?` help. */
const PLACES = { m: "map", e: "endpoints", q: "traffic", t: "timeline", x: "explain" };

export function listenToKeys(store) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("search")?.focus();
    } else if (event.key === "Escape" && store.get("down").length > 0) {
      store.set("down", []);
    } else if (event.key === "?") {
      document.getElementById("help")?.click();
    } else if (PLACES[event.key]) {
      const place = document.getElementById(PLACES[event.key]);
      place?.scrollIntoView({ block: "start" });
      place?.querySelector("button, [tabindex='0'], input, select")?.focus({ preventScroll: true });
    }
  });
}

function writes(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}
