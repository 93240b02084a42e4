// Claims about pages on which a log-in does not last.
import { describe, expect, it } from "vitest";
import { securePage } from "./insecure";

const page = { protocol: "http:", pathname: "/login", search: "?next=%2Ftrips" };

describe("securePage", () => {
  it("leads from http to the address over https", () =>
    expect(securePage("https://moim.example.org", page, false)).toBe(
      "https://moim.example.org/login?next=%2Ftrips",
    ));
  it("is null where cookies are kept", () => {
    expect(securePage("http://moim.home", page, false)).toBeNull();
    expect(securePage(null, page, false)).toBeNull();
    expect(securePage("https://moim.example.org", { ...page, protocol: "https:" }, true)).toBeNull();
    expect(securePage("https://moim.example.org", page, true)).toBeNull();
  });
});
