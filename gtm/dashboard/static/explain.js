// Not there yet.

export function mount() {
  return () => {};
}
