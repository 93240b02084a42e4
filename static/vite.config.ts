// How the client is built, served in development and tested.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { compress } from "./scripts/compress.ts";

/** Where `moim serve` listens in development. */
const SERVER = "http://127.0.0.1:8080";

/** Tests that mount components. */
const COMPONENTS = "src/**/*.component.test.ts";

export default defineConfig({
  plugins: [svelte(), compress()],
  server: {
    port: 5173,
    proxy: {
      "/api": { target: SERVER },
      "/sync": { target: SERVER, ws: true },
      "/events": { target: SERVER, ws: true },
      "/healthz": { target: SERVER },
    },
  },
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs would need a looser Content-Security-Policy
    chunkSizeWarningLimit: 1200, // MapLibre alone is 1 MB; it is a chunk of its own, loaded with the map
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  test: {
    benchmark: { include: ["src/**/*.bench.ts"] },
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        test: {
          name: "rules",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts", "tests/**/*.test.ts"],
          exclude: [COMPONENTS],
          environment: "node",
        },
      },
      {
        extends: true,
        // Svelte as a browser gets it: otherwise it is the one for servers, which mounts nothing.
        resolve: { conditions: ["browser"] },
        test: { name: "components", include: [COMPONENTS], environment: "happy-dom" },
      },
    ],
  },
});
