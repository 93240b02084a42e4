// Claims about the list of time zones.
import { describe, expect, it } from "vitest";
import { zones } from "./zones";

describe("zones", () => {
  it("goes from west to east", () => {
    const order = zones("Asia/Seoul", "ko").map((zone) => zone.value);
    expect(order.indexOf("America/New_York")).toBeLessThan(order.indexOf("Europe/Paris"));
    expect(order.indexOf("Europe/Paris")).toBeLessThan(order.indexOf("Asia/Seoul"));
  });
  it("keeps a chosen zone that the browser does not know", () => {
    expect(zones("Mars/Olympus_Mons", "en").find((zone) => zone.value === "Mars/Olympus_Mons")?.label).toBe(
      "Olympus Mons (?)",
    );
  });
});
