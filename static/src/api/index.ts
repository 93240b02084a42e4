// The REST interface as the screens use it: one client for the whole page.
import { Api } from "./client";

export { newKey } from "./client";
export { ApiError, NetworkError } from "./errors";
export { ROLES } from "./roles";
export { isLoggedOut, type Absence, type Who } from "./session";
export type * from "./types";

export const api = new Api();
