// Claims about links.
import { describe, expect, it } from "vitest";
import { asLink } from "./link";

describe("asLink", () => {
  it("adds the scheme that people leave out", () => {
    expect(asLink("visitjeju.net/kr")).toBe("https://visitjeju.net/kr");
    expect(asLink("example.com:8080/a")).toBe("https://example.com:8080/a");
  });
  it("keeps a whole address as it is", () => expect(asLink(" http://a.kr/x?y#z ")).toBe("http://a.kr/x?y#z"));
  it("takes nothing that runs code", () => {
    expect(asLink("javascript:alert(1)")).toBeNull();
    expect(asLink("data:text/html,x")).toBeNull();
  });
  it("is nothing for nothing and for a mere word", () => {
    expect(asLink("  ")).toBeNull();
    expect(asLink("hello world")).toBeNull();
  });
});
