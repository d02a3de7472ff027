import { defineConfig } from "vitest/config";

export default defineConfig({
  // Not below node_modules, which tests look at for files that something has written.
  cacheDir: ".cache/vite",
  test: {
    fsModuleCachePath: ".cache/vitest-modules",
    include: ["src/**/*.test.ts", "proto/**/*.test.ts", "scripts/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/bench/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
