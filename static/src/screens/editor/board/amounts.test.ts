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
  it.each(["ko", "en"] as const)("tells all currencies of the world apart (%s)", (language) => {
    const all = Intl.supportedValuesOf("currency");
    const texts = new Set(all.map((cur) => moneyText({ amt: 100, cur }, language)));
    expect(all.length).toBeGreaterThan(150);
    expect(texts.size).toBe(all.length);
  });
  it("writes dollars with their country where the reader's own is another", () => {
    expect(moneyText({ amt: 100, cur: "USD" }, "ko")).toBe("US$100");
    expect(moneyText({ amt: 100, cur: "CAD" }, "ko")).toBe("CA$100");
    expect(moneyText({ amt: 100, cur: "CAD" }, "en")).toBe("CA$100");
    expect(moneyText({ amt: 100, cur: "CNY" }, "en")).toBe("CN¥100");
  });
  it("writes an unknown one behind the number", () =>
    expect(moneyText({ amt: 5, cur: "gold" }, "en")).toBe("5 gold"));
});
