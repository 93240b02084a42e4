// The frames of tests/golden/frames.json. `decoded` is null where decoding must fail; byte fields stand as hex.
import { encode, type Message } from "../src/protocol/frames";

export interface GoldenFrame {
  readonly name: string;
  readonly hex: string;
  readonly decoded: readonly Record<string, unknown>[] | null;
}

export function frames(): GoldenFrame[] {
  return [...valid(), ...malformed()];
}

function valid(): GoldenFrame[] {
  const update = Uint8Array.from([1, 1, 1, 0, 4, 1, 1, 116, 1, 97, 0]);
  const long = new Uint8Array(300).fill(7);
  const cases: Record<string, Message[]> = {
    nothing: [],
    "step 1, empty vector": [{ type: "step1", vector: Uint8Array.from([0]) }],
    "step 1": [{ type: "step1", vector: Uint8Array.from([1, 1, 5]) }],
    "step 2": [{ type: "step2", update }],
    "step 2, empty update": [{ type: "step2", update: Uint8Array.from([0, 0]) }],
    update: [{ type: "update", update }],
    "update of 300 bytes, its length takes two": [{ type: "update", update: long }],
    "awareness, none": [{ type: "awareness", update: Uint8Array.from([0]) }],
    awareness: [{ type: "awareness", update: Uint8Array.from([1, 5, 1, 2, 0x7b, 0x7d]) }],
    denied: [{ type: "denied", reason: "read-only" }],
    "denied in Korean": [{ type: "denied", reason: "권한이 없어요 🙏" }],
    "token wanted": [{ type: "tokenWanted", reason: "expiring" }],
    token: [{ type: "token", token: "eyJhbGciOiJIUzI1NiJ9.e30.x" }],
    "token accepted": [{ type: "tokenAccepted", seconds: 600 }],
    access: [{ type: "access", role: "viewer" }],
    "ask for awareness": [{ type: "askAwareness" }],
    "stored 0": [{ type: "stored", count: 0 }],
    "stored 127": [{ type: "stored", count: 127 }],
    "stored 128": [{ type: "stored", count: 128 }],
    "stored 2^32": [{ type: "stored", count: 4_294_967_296 }],
    probe: [{ type: "probe" }],
    refused: [{ type: "refused", nth: 3, status: 6, reason: "missing" }],
    "passed over": [{ type: "passedOver", status: 3, reason: "too l" }],
    "W1: several messages in one frame": [
      { type: "step2", update },
      { type: "step1", vector: Uint8Array.from([0]) },
      { type: "awareness", update: Uint8Array.from([0]) },
      { type: "stored", count: 1 },
    ],
  };
  return Object.entries(cases).map(([name, messages]) => ({
    name,
    hex: hexOf(encode(messages)),
    decoded: messages.map(asJson),
  }));
}

function malformed(): GoldenFrame[] {
  const cases: Record<string, string> = {
    "unknown type": "05",
    "unknown sync message": "000300",
    "unknown auth message": "020500",
    "sync without its step": "00",
    "step 1 without its vector": "0000",
    "step 1 shorter than it says": "00000501",
    "length of 2^49 without bytes": "0002808080808080808001",
    "number without an end": "64808080",
    "number over 2^53": "64ffffffffffffffffff01",
    "text that is no UTF-8": "020002c328",
    "second message cut off": "640164",
  };
  return Object.entries(cases).map(([name, hex]) => ({ name, hex, decoded: null }));
}

export function asJson(message: Message): Record<string, unknown> {
  const entries = Object.entries(message).map(([key, value]: [string, unknown]) => [
    key,
    value instanceof Uint8Array ? hexOf(value) : value,
  ]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
