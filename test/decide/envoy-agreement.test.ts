import { expect, it } from "vitest";
import { compareWithEnvoy } from "./agreement.ts";

/** Comparisons: DECIDE=20000 asks for all of them. */
const comparisons = Number(process.env["DECIDE"] ?? 2000);

it(
  `decides ${comparisons} requests as a real Envoy answers them`,
  async () => {
    const { differences, compared, kinds, scopedTables } = await compareWithEnvoy(Math.ceil(comparisons / 40), 1);
    expect(differences.slice(0, 5), `${differences.length} of ${compared}`).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(comparisons);
    // Every kind of answer has its share, and so have both cuts of route tables.
    for (const kind of ["forward", "redirect", "error", "notFound", "misdirected", "normalized", "rejected"]) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(comparisons / 200);
    }
    for (const kind of ["noConnection", "corsPreflight"]) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0);
    expect(scopedTables).toBeGreaterThan(0);
  },
  10 * 60_000,
);
