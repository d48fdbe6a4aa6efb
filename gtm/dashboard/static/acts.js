// Not there yet.

export function mount() {
  return () => {};
}

/** Opens the dialog that drains a region: {zone, app, service, region}; service "" is the app. */
export function openDrain() {}

/** Opens the dialog that takes a drain back: {zone, app, service, region}. */
export function openUndrain() {}
