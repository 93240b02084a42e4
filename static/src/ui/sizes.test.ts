// Claims about sizes.
import { describe, expect, it } from "vitest";
import { sizeText } from "./sizes";

describe("sizeText", () => {
  it.each([
    [0, "1 kB"],
    [999, "1 kB"],
    [23_700, "24 kB"],
    [1_240_000, "1.2 MB"],
  ])("%i", (bytes, text) => expect(sizeText(bytes, "en")).toBe(text));
  it("is Korean in Korean", () => expect(sizeText(1_240_000, "ko")).toBe("1.2MB"));
});
