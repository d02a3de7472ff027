import { writeFileSync } from "node:fs";
import { edgeDefaults } from "../src/translate/envoy/edge-defaults.ts";

/** Writes docs/edge-defaults.md from the table that the printers obey. */
export function edgeDefaultsPage(): string {
  const rows = Object.entries(edgeDefaults).map(([name, { value, why }]) => `| \`${name}\` | \`${value}\` | ${why} |`);
  return [
    "# Edge defaults",
    "",
    "What every gateway does unless it is told otherwise. Made from `src/translate/envoy/edge-defaults.ts` by",
    "`node scripts/edge-defaults-page.ts`; each row has a test on a real Envoy in `test/envoy/edge-defaults.test.ts`.",
    "",
    "| setting | value | why |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

if (import.meta.main) writeFileSync(new URL("../docs/edge-defaults.md", import.meta.url), edgeDefaultsPage());
