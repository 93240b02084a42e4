// Writes the types of the REST interface to where the client's code finds them.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { restTypes } from "./rest-types";

const OUT = join(process.cwd(), "src/api/generated");

await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, "rest.ts"), await restTypes());
