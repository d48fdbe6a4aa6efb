// Who acts, as the audit is to say it: the token's name, or what was written here the last time.

const KEY = "gtm-author"; // in localStorage

/** The name to begin with; "" where none is known. */
export function authorOf(store) {
  const whoami = store.get("whoami");
  return whoami?.via === "token" ? whoami.name : (localStorage.getItem(KEY) ?? "");
}

/** Keeps what was written for the next time. */
export function rememberAuthor(name) {
  localStorage.setItem(KEY, name);
}
