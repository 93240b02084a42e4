// The y-websocket messages with Moim's additions (docs/PROTOCOL.md, W1–W11): bytes to messages and back. Pure.
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";

export type Message =
  | { readonly type: "step1"; readonly vector: Uint8Array }
  | { readonly type: "step2"; readonly update: Uint8Array }
  | { readonly type: "update"; readonly update: Uint8Array }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  | { readonly type: "denied"; readonly reason: string }
  | { readonly type: "tokenWanted"; readonly reason: string }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "tokenAccepted"; readonly seconds: number }
  | { readonly type: "access"; readonly role: string }
  | { readonly type: "askAwareness" }
  | { readonly type: "stored"; readonly count: number }
  /** W13: the question whether the connection still carries anything, and its answer. */
  | { readonly type: "probe" }
  | { readonly type: "refused"; readonly nth: number; readonly status: number; readonly reason: string }
  | { readonly type: "passedOver"; readonly status: number; readonly reason: string };

export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const ASK_AWARENESS = 3;
const STORED = 100;
const REFUSED = 101;
const PROBE = 102;
const PASSED_OVER = 103;

/** One frame with the messages back to back (W1). */
export function encode(messages: readonly Message[]): Uint8Array {
  const encoder = encoding.createEncoder();
  for (const message of messages) write(encoder, message);
  return encoding.toUint8Array(encoder);
}

/** All messages of a frame (W1). Byte fields share the frame's memory. Throws DecodeError. */
export function decode(frame: Uint8Array): Message[] {
  const decoder = decoding.createDecoder(frame);
  const messages: Message[] = [];
  try {
    while (decoding.hasContent(decoder)) messages.push(read(decoder));
  } catch (error) {
    throw error instanceof DecodeError ? error : new DecodeError("truncated", { cause: error });
  }
  return messages;
}

function write(encoder: encoding.Encoder, message: Message): void {
  switch (message.type) {
    case "step1":
      return writeBytes(encoder, [SYNC, 0], message.vector);
    case "step2":
      return writeBytes(encoder, [SYNC, 1], message.update);
    case "update":
      return writeBytes(encoder, [SYNC, 2], message.update);
    case "awareness":
      return writeBytes(encoder, [AWARENESS], message.update);
    case "denied":
      return writeText(encoder, [AUTH, 0], message.reason);
    case "tokenWanted":
      return writeText(encoder, [AUTH, 1], message.reason);
    case "token":
      return writeText(encoder, [AUTH, 2], message.token);
    case "tokenAccepted":
      return writeNumbers(encoder, [AUTH, 3, message.seconds]);
    case "access":
      return writeText(encoder, [AUTH, 4], message.role);
    case "askAwareness":
      return writeNumbers(encoder, [ASK_AWARENESS]);
    case "stored":
      return writeNumbers(encoder, [STORED, message.count]);
    case "probe":
      return writeNumbers(encoder, [PROBE]);
    case "refused":
      return writeText(encoder, [REFUSED, message.nth, message.status], message.reason);
    case "passedOver":
      return writeText(encoder, [PASSED_OVER, message.status], message.reason);
  }
}

function writeNumbers(encoder: encoding.Encoder, numbers: readonly number[]): void {
  for (const number of numbers) encoding.writeVarUint(encoder, number);
}

function writeBytes(encoder: encoding.Encoder, head: readonly number[], bytes: Uint8Array): void {
  writeNumbers(encoder, head);
  encoding.writeVarUint8Array(encoder, bytes);
}

function writeText(encoder: encoding.Encoder, head: readonly number[], text: string): void {
  writeNumbers(encoder, head);
  encoding.writeVarString(encoder, text);
}

function read(decoder: decoding.Decoder): Message {
  const type = decoding.readVarUint(decoder);
  switch (type) {
    case SYNC:
      return readSync(decoder);
    case AWARENESS:
      return { type: "awareness", update: readBytes(decoder) };
    case AUTH:
      return readAuth(decoder);
    case ASK_AWARENESS:
      return { type: "askAwareness" };
    case STORED:
      return { type: "stored", count: decoding.readVarUint(decoder) };
    case REFUSED:
      return {
        type: "refused",
        nth: decoding.readVarUint(decoder),
        status: decoding.readVarUint(decoder),
        reason: readText(decoder),
      };
    case PROBE:
      return { type: "probe" };
    case PASSED_OVER:
      return { type: "passedOver", status: decoding.readVarUint(decoder), reason: readText(decoder) };
    default:
      throw new DecodeError(`unknown message type ${type}`);
  }
}

function readSync(decoder: decoding.Decoder): Message {
  const step = decoding.readVarUint(decoder);
  switch (step) {
    case 0:
      return { type: "step1", vector: readBytes(decoder) };
    case 1:
      return { type: "step2", update: readBytes(decoder) };
    case 2:
      return { type: "update", update: readBytes(decoder) };
    default:
      throw new DecodeError(`unknown sync message ${step}`);
  }
}

function readAuth(decoder: decoding.Decoder): Message {
  const subtype = decoding.readVarUint(decoder);
  switch (subtype) {
    case 0:
      return { type: "denied", reason: readText(decoder) };
    case 1:
      return { type: "tokenWanted", reason: readText(decoder) };
    case 2:
      return { type: "token", token: readText(decoder) };
    case 3:
      return { type: "tokenAccepted", seconds: decoding.readVarUint(decoder) };
    case 4:
      return { type: "access", role: readText(decoder) };
    default:
      throw new DecodeError(`unknown auth message ${subtype}`);
  }
}

/** lib0 itself would read past a short buffer's end silently where the buffer is a view. */
function readBytes(decoder: decoding.Decoder): Uint8Array {
  const length = decoding.readVarUint(decoder);
  if (length > decoder.arr.length - decoder.pos) throw new DecodeError("truncated");
  return decoding.readUint8Array(decoder, length);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(decoder: decoding.Decoder): string {
  return utf8.decode(readBytes(decoder));
}
