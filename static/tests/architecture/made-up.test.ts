// Made-up sources that show that each rule can fail, and that it leaves innocent code alone.
import { describe, expect, it } from "vitest";
import { Source, type Breach } from "./source";
import { byPath, circles, firstSentence, layers, leadsNowhere, length, packages, purity } from "./rules";

type Rule = (source: Source, files: ReadonlyMap<string, Source>) => readonly Breach[];

const EXISTING = [
  "src/ids.ts",
  "src/protocol/frames.ts",
  "src/sync/machine.ts",
  "src/document/index.ts",
  "src/document/trip.ts",
  "src/ui/text.svelte.ts",
  "src/ui/Button.svelte",
  "src/app/App.svelte",
  "src/screens/editor/Editor.svelte",
  "src/screens/share/ShareDialog.svelte",
].map((path) => new Source(path, ""));

/** The lines of a made-up file that break the rule. */
function broken(rule: Rule, path: string, text: string): number[] {
  const source = new Source(path, text);
  return rule(source, byPath([...EXISTING, source])).map(({ line }) => line);
}

function component(code: string, markup = ""): string {
  return `<!-- What it shows. -->\n<script lang="ts">\n${code}\n</script>\n${markup}`;
}

describe("layers", () => {
  it.each([
    'import { openTrip } from "../document";',
    'import type { Trip } from "../document/trip";',
    'export * from "../document/trip";',
    'export const load = () => import("../document/trip");',
    'const worker = new Worker(new URL("../document/trip.ts", import.meta.url));',
    'import {\n  Button,\n} from "../ui/Button.svelte";'.replace(/\n/g, " "),
    'import { t } from "../ui/text.svelte";',
  ])("a part that looks up: %s", (text) => expect(broken(layers, "src/sync/recovery.ts", text)).toEqual([1]));

  it("names the line in a component, in its code and in its markup", () => {
    const text = component('import { a } from "../ids";\nimport App from "../app/App.svelte";', '{#await import("../app/App.svelte")}');
    expect(broken(layers, "src/ui/Dialog.svelte", text)).toEqual([4, 6]);
  });

  it("parts of one layer do not see each other", () => {
    expect(broken(layers, "src/api/client.ts", '\nimport { decode } from "../protocol/frames";')).toEqual([2]);
  });

  it("a screen sees no other, and the shell sees none", () => {
    const text = 'import Share from "../share/ShareDialog.svelte";';
    expect(broken(layers, "src/screens/editor/Workspace.svelte", component(text))).toEqual([3]);
    const shell = 'import Editor from "../screens/editor/Editor.svelte";';
    expect(broken(layers, "src/app/shell.ts", shell)).toEqual([1]);
  });

  it("a part without a layer", () => expect(broken(layers, "src/helper/help.ts", "")).toEqual([1]));

  it("looking down or at oneself is allowed, and so are comments, strings and tests", () => {
    expect(broken(layers, "src/sync/a.ts", 'import { b } from "./machine";\nimport { ulid } from "../ids";')).toEqual([]);
    expect(broken(layers, "src/sync/a.ts", '// import "../document/trip";\nconst a = \'import "../document/trip"\';')).toEqual([]);
    expect(broken(layers, "src/sync/a.test.ts", 'import { openTrip } from "../document";')).toEqual([]);
    expect(broken(layers, "src/screens/editor/a.ts", 'import { b } from "./Editor.svelte";')).toEqual([]);
  });

  it("an import that cannot be followed is told", () => {
    expect(broken(leadsNowhere, "src/sync/a.ts", 'import "./gone";')).toEqual([1]);
    expect(broken(leadsNowhere, "src/sync/a.ts", 'import "./machine";')).toEqual([]);
  });
});

describe("packages", () => {
  it.each(['import * as Y from "yjs";', 'import type { Doc } from "yjs";', 'const y = await import("yjs");'])(
    "one outside its folder: %s",
    (text) => {
      expect(broken(packages, "src/screens/editor/a.ts", text)).toEqual([1]);
      expect(broken(packages, "src/document/a.ts", text)).toEqual([]);
    },
  );
  it("also its parts", () => {
    expect(broken(packages, "src/sync/a.ts", 'import { Awareness } from "y-protocols/awareness";')).toEqual([1]);
    expect(broken(packages, "src/sync/a.ts", 'import { mount } from "svelte";')).toEqual([1]);
    expect(broken(packages, "src/sync/a.ts", 'import x from "yjs-other";')).toEqual([]);
  });
});

describe("purity", () => {
  it.each(["const now = Date.now();", "await wait();", "setTimeout(run, 5);", "const r = Math.random();"])("%s", (text) => {
    expect(broken(purity, "src/sync/machine.ts", `\n${text}`)).toEqual([2]);
    expect(broken(purity, "src/transport/connection.ts", text)).toEqual([]);
  });
  it("leaves words in comments alone", () => {
    expect(broken(purity, "src/sync/machine.ts", "// never await\n/* Date.now() */ const a = 1;")).toEqual([]);
  });
});

describe("first sentences and lengths", () => {
  it.each([
    ["src/a.ts", "import b", "// What a does."],
    ["src/a.svelte", "<script>", "<!-- What a shows. -->"],
    ["src/a.css", "body {}", "/* What a looks like. */"],
  ])("%s", (path, bad, good) => {
    expect(broken(firstSentence, path, bad)).toEqual([1]);
    expect(broken(firstSentence, path, good)).toEqual([]);
  });
  it("600 lines are the most", () => {
    expect(broken(length, "src/a.ts", "a\n".repeat(600))).toEqual([]);
    expect(broken(length, "src/a.ts", "a\n".repeat(601))).toEqual([601]);
  });
});

describe("circles", () => {
  const inSources = (...sources: [string, string][]) =>
    circles(sources.map(([path, text]) => new Source(path, text))).map(({ path, line, what }) => [path, line, what]);

  it("among files, types and workers included", () => {
    expect(
      inSources(
        ["src/a/one.ts", '\nimport type { B } from "./two";'],
        ["src/a/two.ts", 'export const w = new Worker(new URL("./three.ts", import.meta.url));'],
        ["src/a/three.ts", 'import { one } from "./one";'],
      ),
    ).toEqual([["src/a/one.ts", 2, "src/a/one.ts imports itself by way of src/a/two.ts, src/a/three.ts, src/a/one.ts"]]);
  });

  it("among folders where no file is in one", () => {
    expect(
      inSources(
        ["src/a/one.ts", 'import { x } from "./b/deep";'],
        ["src/a/two.ts", ""],
        ["src/a/b/deep.ts", ""],
        ["src/a/b/other.ts", 'import { x } from "../two";'],
      ),
    ).toEqual([["src/a/one.ts", 1, "src/a imports itself by way of src/a/b, src/a"]]);
  });

  it("what is imported one way is none, and tests may look anywhere", () => {
    expect(
      inSources(
        ["src/a/one.ts", 'import { x } from "../b/two";'],
        ["src/b/two.ts", ""],
        ["src/b/two.test.ts", 'import { x } from "../a/one";'],
      ),
    ).toEqual([]);
  });
});
