// How long a keystroke in the place search takes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bench, describe } from "vitest";
import { Gazetteer } from "./gazetteer";
import { KEYSTROKES } from "./keystrokes.test-support";

const places = new Gazetteer(readFileSync(join(import.meta.dirname, "generated/gazetteer.txt"), "utf8"));
const JEJU = { lng: 126.53, lat: 33.38 };

describe("a keystroke", () => {
  for (const query of KEYSTROKES) bench(query, () => void places.search(query, { language: "ko", near: JEJU }));
});
