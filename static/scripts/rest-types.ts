// The types of the REST interface, made from its description, which a test of the server keeps current.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";

const DESCRIPTION = join(import.meta.dirname, "../src/api/openapi.json");

export async function restTypes(): Promise<string> {
  const description: unknown = JSON.parse(await readFile(DESCRIPTION, "utf8"));
  const types = astToString(await openapiTS(description as never, { immutable: true }));
  return `// The REST interface, generated from src/api/openapi.json.\n${types}`;
}
