// What is set aside as a file, and back: JSON whose items can be read without any program.
import * as Y from "yjs";
import type { SetAsideItem } from "./difference";
import type { SetAside } from "./set-aside-types";

const FORMAT = "moim-set-aside";
const VERSION = 1;
/** A document of 5 MB and what the server had of it, as text, and more. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** These bytes are no such file. */
export class SetAsideFileError extends Error {
  override readonly name = "SetAsideFileError";
}

export function toFile({ state, base, ...rest }: SetAside): Uint8Array {
  const file = { format: FORMAT, version: VERSION, ...rest, state: toBase64(state), base: base && toBase64(base) };
  return new TextEncoder().encode(JSON.stringify(file, null, 1));
}

/** What `toFile` wrote; anything may have happened to it since. Throws `SetAsideFileError`. */
export function fromFile(bytes: Uint8Array): SetAside {
  if (bytes.length > MAX_FILE_BYTES) throw new SetAsideFileError("it is too large");
  let file: unknown;
  try {
    file = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new SetAsideFileError("it is no such file", { cause: error });
  }
  if (!isFile(file)) throw new SetAsideFileError("it is no such file");
  const state = document(file["state"]);
  const base = file["base"] === null ? null : document(file["base"]);
  if (state === null) throw new SetAsideFileError("its document cannot be read");
  return {
    id: text(file, "id"),
    user: text(file, "user"),
    doc: text(file, "doc"),
    title: text(file, "title"),
    epoch: number(file, "epoch"),
    created: number(file, "created"),
    reason: "file",
    bytes: state.length + (base?.length ?? 0),
    items: Array.isArray(file["items"]) ? file["items"].flatMap(item) : [],
    state,
    base,
    whole: file["whole"] === true,
  };
}

type File = Readonly<Record<string, unknown>>;

function isFile(file: unknown): file is File {
  if (typeof file !== "object" || file === null) return false;
  const { format, version, doc } = file as File;
  return format === FORMAT && version === VERSION && typeof doc === "string" && /^trip:[0-9A-Z]{26}$/.test(doc);
}

function text(file: File, key: string): string {
  const value = file[key];
  return typeof value === "string" ? value : "";
}

function number(file: File, key: string): number {
  const value = file[key];
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

const KINDS: readonly string[] = ["title", "desc", "dayTitle", "dayNote", "day", "settings", "card", "cardTitle", "cardNote", "cardField", "other"] satisfies SetAsideItem["kind"][];
const REASONS: readonly unknown[] = ["cards", "days", "text", "document", "update", "missing", "refused"];

function item(value: unknown): SetAsideItem[] {
  if (typeof value !== "object" || value === null) return [];
  const fields = value as File;
  const [kind, reason] = [text(fields, "kind"), fields["reason"]];
  if (!KINDS.includes(kind)) return [];
  return [{
    kind: kind as SetAsideItem["kind"],
    title: text(fields, "title"),
    detail: text(fields, "detail"),
    reason: REASONS.includes(reason) ? (reason as SetAsideItem["reason"]) : null,
  }];
}

/** A document that Yjs can read, or null. */
function document(value: unknown): Uint8Array | null {
  if (typeof value !== "string") return null;
  try {
    const bytes = Uint8Array.from(atob(value), (one) => one.charCodeAt(0));
    const doc = new Y.Doc();
    Y.applyUpdate(doc, bytes);
    return bytes;
  } catch {
    return null;
  }
}

/** In pieces: a call takes only so many arguments. */
function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}
