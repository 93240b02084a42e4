// Runs one TypeScript script of this folder through Vite's own module runner, so that no second compiler is needed.
import { resolve } from "node:path";
import { runnerImport } from "vite";

const [script] = process.argv.slice(2);
if (script === undefined) throw new Error("usage: node scripts/run.mjs <script.ts>");
await runnerImport(resolve(script), { configFile: false, logLevel: "warn" });
