// Writes tests/golden: documents as Yjs makes them with the projection that every reader must give, and frames with their messages.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as Y from "yjs";
import { project } from "../src/document/reader";
import { documents } from "./golden-documents";
import { frames } from "./golden-frames";

const GOLDEN = join(process.cwd(), "../tests/golden");

await mkdir(join(GOLDEN, "documents"), { recursive: true });
for (const old of await readdir(join(GOLDEN, "documents"))) await rm(join(GOLDEN, "documents", old));

for (const [name, make] of Object.entries(documents)) {
  const updates = make();
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  const encoded = updates.map((update) => Buffer.from(update).toString("base64"));
  const golden = { name, updates: encoded, projection: project(doc) };
  const file = `${name.replaceAll(" ", "-")}.json`;
  await writeFile(join(GOLDEN, "documents", file), `${JSON.stringify(golden, null, 1)}\n`);
}

await writeFile(join(GOLDEN, "frames.json"), `[\n${frames().map((frame) => JSON.stringify(frame)).join(",\n")}\n]\n`);
