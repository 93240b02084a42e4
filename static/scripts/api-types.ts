// Makes the types of the REST interface from its description, which a test of the server keeps current.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const DESCRIPTION = join(process.cwd(), "src/api/openapi.json");
const OUT = join(process.cwd(), "src/api/generated");

const description: unknown = JSON.parse(await readFile(DESCRIPTION, "utf8"));
const types = astToString(await openapiTS(description as never, { immutable: true }));
await mkdir(OUT, { recursive: true });
await writeFile(join(OUT, "rest.ts"), `// The REST interface, generated from src/api/openapi.json.\n${types}`);
