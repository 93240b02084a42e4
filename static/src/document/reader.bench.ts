// How long it takes until one edit among many cards is in the picture of the trip.
import { bench, describe } from "vitest";
import type * as Y from "yjs";
import { filled } from "./filled.test-support";
import { TripReader } from "./reader";

describe("one edit among 2 000 cards", () => {
  const doc = filled(2_000, 30);
  const reader = new TripReader(doc);
  reader.watch(() => undefined);
  reader.projection();
  let n = 0;
  bench("is read", () => {
    (doc.getMap("cards").get(`c${(n += 7) % 2_000}`) as Y.Map<unknown>).set("dur", n);
    reader.projection();
  });
});
