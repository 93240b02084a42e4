// How long it takes to join the pins of a full trip.
import { bench, describe } from "vitest";
import { clusters } from "./clusters";
import type { MapPin } from "./types";

describe("2 000 pins", () => {
  const pins = Array.from({ length: 2_000 }, (_, i): MapPin => {
    const at = { lng: 120 + (i % 50) / 5, lat: 30 + i / 400 };
    return { id: String(i), ...at, label: "", title: "", color: "#000000", day: "d1" };
  });
  for (const zoom of [3, 6, 9, 12]) bench(`at zoom ${zoom}`, () => void clusters(pins, zoom, null));
});
