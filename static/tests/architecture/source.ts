// A source file as the rules see it: its path, its text, and what its code imports, with the lines.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** The client's own folder; paths of sources begin below it. */
const ROOT = join(import.meta.dirname, "../..");
const ENDINGS = [".ts", ".svelte", ".css"];
const SKIPPED = ["generated", "node_modules", "dist", "test-results"];

export interface Import {
  readonly line: number;
  /** As it is written: "../ids", "yjs", "./worker.ts". */
  readonly specifier: string;
}

/** A rule that one place in the sources breaks. */
export interface Breach {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export function told({ path, line, what }: Breach): string {
  return `${path}:${line}: ${what}`;
}

export class Source {
  /** Like "src/ui/Button.svelte". */
  readonly path: string;
  readonly text: string;
  #imports: readonly Import[] | null = null;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** Whether it runs in tests alone. */
  get isTest(): boolean {
    return /\.(test|bench|test-support)\.ts$/.test(this.path);
  }

  get imports(): readonly Import[] {
    this.#imports ??= importsOf(this.path, this.text);
    return this.#imports;
  }

  breach(line: number, what: string): Breach {
    return { path: this.path, line, what };
  }
}

/** All sources in these folders of the client. */
export function readAll(...folders: string[]): Source[] {
  return folders.flatMap((folder) => {
    const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && ENDINGS.some((end) => entry.name.endsWith(end)));
    const paths = files.map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
    const own = paths.filter((path) => !path.split("/").some((part) => SKIPPED.includes(part)));
    return own.sort().map((path) => new Source(path, readFileSync(join(ROOT, path), "utf8")));
  });
}

/** The file that an import leads to, if that is one of ours. */
export function resolved(from: string, specifier: string, files: ReadonlyMap<string, Source>): string | null {
  if (!specifier.startsWith(".")) return null;
  const at = join(dirname(from), specifier.replace(/\?.*$/, ""));
  return [at, `${at}.ts`, `${at}.svelte.ts`, `${at}/index.ts`].find((path) => files.has(path)) ?? null;
}

function importsOf(path: string, text: string): Import[] {
  const at = (offset: number) => text.slice(0, offset).split("\n").length;
  if (path.endsWith(".css"))
    return [...text.matchAll(/@import\s+["']([^"']+)["']/g)].map((found) => ({
      line: at(found.index),
      specifier: found[1] ?? "",
    }));
  const code = path.endsWith(".svelte") ? scriptsOf(text) : text;
  const { importedFiles } = ts.preProcessFile(code, true, true);
  const named = importedFiles.map(({ pos, fileName }) => ({ line: at(pos), specifier: fileName }));
  // A worker is named by its address, and a template may load a component: neither is an import statement.
  const others = path.endsWith(".svelte")
    ? text.slice(text.lastIndexOf("</script>")).matchAll(/import\(\s*["']([^"']+)["']/g)
    : text.matchAll(/new URL\(\s*["'](\.[^"']+)["']\s*,\s*import\.meta\.url/g);
  const start = path.endsWith(".svelte") ? text.lastIndexOf("</script>") : 0;
  const more = [...others].map((found) => ({ line: at(start + found.index), specifier: found[1] ?? "" }));
  return [...named, ...more];
}

/** The component's code at its own place; everything else is blank. */
function scriptsOf(text: string): string {
  const blank = (part: string) => part.replace(/[^\n]/g, " ");
  let code = "";
  let end = 0;
  for (const found of text.matchAll(/(<script[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = found.index + (found[1]?.length ?? 0);
    code += blank(text.slice(end, start)) + (found[2] ?? "");
    end = start + (found[2]?.length ?? 0);
  }
  return code + blank(text.slice(end));
}
