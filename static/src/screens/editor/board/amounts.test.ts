// Claims about durations and costs in words.
import { describe, expect, it } from "vitest";
import { durationText, moneyText } from "./amounts";

describe("durationText", () => {
  it("leaves out what is nought", () => {
    expect(durationText(90, "ko")).toBe("1시간 30분");
    expect(durationText(120, "en")).toBe("2 h");
    expect(durationText(0, "en")).toBe("0 min");
  });
});

describe("moneyText", () => {
  it("writes a known currency with its sign", () =>
    expect(moneyText({ amt: 12000, cur: "KRW" }, "ko")).toBe("₩12,000"));
  it("writes an unknown one behind the number", () =>
    expect(moneyText({ amt: 5, cur: "gold" }, "en")).toBe("5 gold"));
});
