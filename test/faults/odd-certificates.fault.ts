import { expect, it } from "vitest";
import { outcomes, takenBy } from "../support/odd-trials.ts";
import { supportedEnvoys } from "./support/supported-envoys.ts";

it.each(supportedEnvoys())(
  "fault 11: certificates that only OpenSSL reads, in $version: what our checks let pass is taken",
  async ({ version, binary }) => {
    const { told, want } = outcomes(await takenBy(binary));
    const refused = told.filter((line) => line.endsWith(": refused"));
    console.log(`fault 11: odd certificates in ${told.length} places in Envoy ${version}: ${refused.length} refused`);
    // The library in an older one reads some of what the others do not.
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((line) => !want.includes(line))).toEqual([]);
  },
);
