// The codec against the golden frames that the Rust tests read too, and against bytes that nobody meant.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asJson, frames, type GoldenFrame } from "../../scripts/golden-frames";
import { classOf, CLOSE_CODES } from "./close-codes";
import { decode, DecodeError, encode } from "./frames";

const FILE = join(import.meta.dirname, "../../../tests/golden/frames.json");
const golden = JSON.parse(readFileSync(FILE, "utf8")) as GoldenFrame[];

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

describe("frames", () => {
  it.each(golden.filter(({ decoded }) => decoded !== null))(
    "$name decodes as written down and encodes back",
    (frame) => {
      const messages = decode(bytes(frame.hex));
      expect(messages.map(asJson)).toEqual(frame.decoded);
      expect(Buffer.from(encode(messages)).toString("hex")).toBe(frame.hex);
    },
  );

  it.each(golden.filter(({ decoded }) => decoded === null))("malformed: $name is a DecodeError", (frame) => {
    expect(() => decode(bytes(frame.hex))).toThrow(DecodeError);
  });

  it("are those that the generator makes", () => {
    expect(golden).toEqual(frames());
  });

  it("of any bytes decode or fail as DecodeError, never otherwise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (frame) => {
        try {
          decode(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

/** W9 */
describe("close codes", () => {
  it("44xx stay away, but a token problem asks for a new one", () => {
    expect(classOf(CLOSE_CODES.forbidden)).toBe("stayAway");
    expect(classOf(CLOSE_CODES.token)).toBe("newTicket");
  });

  it.each([4503, 4508, 1001, 1006, 1011, 1013])("%i comes back", (code) => {
    expect(classOf(code)).toBe("comeBack");
  });
});
