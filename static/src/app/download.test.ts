// Claims about file names.
import { describe, expect, it } from "vitest";
import { fileName } from "./download";

describe("fileName", () => {
  it("keeps Hangul and drops what file systems do not take", () =>
    expect(fileName('제주/3박: "바다"', "moim")).toBe("제주 3박 바다.moim"));
  it("has a name for a trip without one", () => expect(fileName("  ", "json")).toBe("moim.json"));
});
