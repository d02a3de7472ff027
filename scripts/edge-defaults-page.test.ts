import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { edgeDefaultsPage } from "./edge-defaults-page.ts";

it("docs/edge-defaults.md tells the defaults that the printers obey", () => {
  expect(readFileSync(new URL("../docs/edge-defaults.md", import.meta.url), "utf8")).toBe(edgeDefaultsPage());
});
