// Ids that the client makes: ULIDs for what lives in documents, random keys for repeatable requests.

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID: 48 bits of time, 80 random bits; sorts by creation. */
export function ulid(now = Date.now(), random: (bytes: Uint8Array) => Uint8Array = fill): string {
  let id = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) {
    id = CROCKFORD.charAt(rest % 32) + id;
  }
  // 16 bytes give 16 characters: five of the eight bits of each.
  for (const byte of random(new Uint8Array(16))) id += CROCKFORD.charAt(byte & 31);
  return id;
}

/** 128 random bits. Not `crypto.randomUUID`: it is missing on plain http in a home network. */
export function randomKey(): string {
  return [...fill(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fill(bytes: Uint8Array): Uint8Array {
  return crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>);
}
