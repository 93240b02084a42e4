// The REST interface as the screens use it: one client for the whole page.
import { Api } from "./client";

export { newKey } from "./client";
export { ApiError, NetworkError, type FieldError } from "./errors";
export { isLoggedOut, type Absence, type Who } from "./session";
export type * from "./types";

export const api = new Api();
