// Problem documents (RFC 9457) as typed errors.
import type { FieldError } from "./types";

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** The server's stable word for it, for messages; "" if it gave none. */
  readonly code: string;
  readonly errors: readonly FieldError[];
  /** Seconds, from Retry-After. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    code: string,
    detail: string,
    errors: readonly FieldError[] = [],
    retryAfter: number | null = null,
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }
}

/** The server could not be reached, or did not answer in time. */
export class NetworkError extends Error {
  override readonly name = "NetworkError";
}

/** Reads whatever the server answered; it may be no problem document at all. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const problem = isRecord(body) ? body : {};
  const detail = text(problem["detail"]) || text(problem["title"]) || response.statusText;
  const errors = Array.isArray(problem["errors"]) ? problem["errors"].flatMap(fieldError) : [];
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new ApiError(
    response.status,
    text(problem["code"]),
    detail,
    errors,
    Number.isNaN(retryAfter) ? null : retryAfter,
  );
}

function fieldError(value: unknown): FieldError[] {
  if (!isRecord(value)) return [];
  return [{ field: text(value["field"]), message: text(value["message"]) }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
