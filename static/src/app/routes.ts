// The addresses of the client and what they mean: text to route and back, nothing else.

export type Route =
  | { name: "home" }
  | { name: "login"; next: string }
  | { name: "signup"; next: string }
  | { name: "invite"; token: string }
  | { name: "reset" }
  | { name: "trip"; id: string }
  /** What is kept on this device. */
  | { name: "device" }
  | { name: "missing" };

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/i;

export function parse(path: string, search = ""): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, ...rest] = parts;
  if (first === undefined) return { name: "home" };
  if (rest.length > 0) return { name: "missing" };
  if (first === "login" && second === undefined) return { name: "login", next: nextOf(search) };
  if (first === "signup" && second === undefined) return { name: "signup", next: nextOf(search) };
  if (first === "device" && second === undefined) return { name: "device" };
  if (first === "reset" && second === undefined) return { name: "reset" };
  if (first === "invite" && second !== undefined) return { name: "invite", token: decoded(second) };
  if (first === "trips" && second !== undefined && ULID.test(second))
    return { name: "trip", id: `trip:${second.toUpperCase()}` };
  return { name: "missing" };
}

/** The address of a trip's page. */
export function tripPath(id: string): string {
  return `/trips/${id.replace(/^trip:/, "")}`;
}

/** The log-in or sign-up page that leads back to `next`. */
export function accountPath(page: "login" | "signup", next: string): string {
  return next === "/" ? `/${page}` : `/${page}?next=${encodeURIComponent(next)}`;
}

/** Only paths of our own: `//host` and `/\host` would lead elsewhere. */
function nextOf(search: string): string {
  const next = new URLSearchParams(search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
