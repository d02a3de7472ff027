import { describe, expect, it } from "vitest";
import type { XdsResource } from "../core/xds-resource.ts";
import type { ResourceParts } from "./culprit.ts";
import { PartSearch } from "./part-search.ts";

type Parts = Readonly<Record<string, string>>;

function table(parts: Parts): XdsResource {
  const text = JSON.stringify(parts);
  return { type: "route", name: "r", version: text, bytes: Buffer.from(text) };
}

function partsIn({ bytes }: XdsResource): Parts {
  return JSON.parse(Buffer.from(bytes).toString()) as Parts; // written above
}

function split(resource: XdsResource): ResourceParts {
  const parts = Object.entries(partsIn(resource));
  return {
    parts: new Map(parts.map(([id, content]) => [id, [content]])),
    hold: (held, base) => {
      const before = base === undefined ? {} : partsIn(base);
      const kept = parts.flatMap(([id, content]) => {
        const used = held.has(id) ? before[id] : content;
        return used === undefined ? [] : [[id, used] as const];
      });
      return table(Object.fromEntries(kept));
    },
  };
}

interface Outcome {
  readonly found: readonly string[];
  readonly isWhole: boolean;
  readonly tries: number;
  /** What the client ends with. */
  readonly form: Parts | undefined;
}

/** Lets a client answer that refuses parts which end in `!`, and everything if `refusesAll`. */
function run(
  search: PartSearch,
  options: { readonly refusesAll?: boolean; readonly base?: XdsResource } = {},
): Outcome {
  const found: string[] = [];
  let isWhole = false;
  let tries = 0;
  let held = options.base;
  const seen = new Set<string>();
  for (let finding = search.begin(); ; ) {
    found.push(...finding.culprits);
    isWhole ||= finding.isWhole;
    const { form } = search;
    if (search.isOver || form === undefined) {
      // The end form is one that was taken already, or the one to be sent now.
      if (form !== undefined && form.version !== held?.version) tries += 1;
      return { found: found.sort(), isWhole, tries, form: form && partsIn(form) };
    }
    tries += 1;
    expect(seen.has(form.version), "nothing is tried twice").toBe(false);
    seen.add(form.version);
    const isBad = options.refusesAll === true || Object.values(partsIn(form)).some((content) => content.endsWith("!"));
    if (!isBad) held = form;
    // What worked is never taken away.
    const [before, shown] = [partsIn(options.base ?? table({})), partsIn(form)];
    expect(Object.keys(before).filter((id) => shown[id] === undefined && id !== "gone")).toEqual([]);
    finding = isBad ? search.refused() : search.accepted();
  }
}

const versioned = (count: number, content: string, bad: ReadonlySet<number> = new Set()) =>
  table(
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, bad.has(index) ? "2!" : content])),
  );

function searchOf(resource: XdsResource, base: XdsResource | undefined, refused: ReadonlySet<string> = new Set()) {
  const search = PartSearch.of({ resource, split, base, refused: () => refused });
  if (search === undefined) throw new Error("it cannot be split");
  return search;
}

describe("the search for bad parts", () => {
  it.each([true, false])(
    "finds one among m in 2·log2(m) + 2 trials, wherever it is (with a last good form: %s)",
    (hasBase) => {
      for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 100]) {
        const base = hasBase ? versioned(count, "1") : undefined;
        for (let place = 0; place < count; place += 1) {
          const search = searchOf(versioned(count, "2", new Set([place])), base);
          const { found, tries, form } = run(search, base && { base });
          expect(found).toEqual([`p${place}`]);
          expect(tries).toBeLessThanOrEqual(2 * Math.log2(count) + 2);
          const want = { ...partsIn(versioned(count, "2")), [`p${place}`]: "1" };
          if (!hasBase) Reflect.deleteProperty(want, `p${place}`);
          expect(form).toEqual(want);
        }
      }
    },
  );

  it("looks at what is new only", () => {
    const base = versioned(5_000, "1");
    const resource = table({ ...partsIn(base), p17: "2", p4000: "2!", p4001: "2" });
    const { found, tries } = run(searchOf(resource, base), { base });
    expect([found, tries <= 5]).toEqual([["p4000"], true]);
  });

  it.each([2, 7, 20])("finds %d among 200, and ends", (count) => {
    const bad = new Set(Array.from({ length: count }, (_, index) => (index * 73) % 200));
    const base = versioned(200, "1");
    const { found, tries } = run(searchOf(versioned(200, "2", bad), base), { base });
    expect(found).toEqual([...bad].map((index) => `p${index}`).sort());
    expect(tries).toBeLessThanOrEqual(count * (Math.ceil(Math.log2(200)) + 2));
  });

  it("stops after 32 of them: the rest waits for the next version, and stays as it was", () => {
    const base = versioned(100, "1");
    const { found, form } = run(searchOf(versioned(100, "2!"), base), { base });
    expect([found.length, form]).toEqual([32, partsIn(base)]);
  });

  it.each([true, false])("blames no part when the fault is in none (with a last good form: %s)", (hasBase) => {
    // Parts that the last good form has and the new one lacks cannot be held back, so the form itself must be tried.
    const base = hasBase ? table({ ...partsIn(versioned(8, "1")), gone: "1" }) : undefined;
    const outcome = run(searchOf(versioned(8, "2"), base), { refusesAll: true });
    expect(outcome).toMatchObject({ found: [], isWhole: true, form: undefined });
    expect(outcome.tries).toBeLessThanOrEqual(2 * Math.log2(8) + 2);
  });

  it("needs no trial of what another proxy has found", () => {
    const base = versioned(64, "1");
    const refused = new Set<string>();
    const search = searchOf(versioned(64, "2", new Set([5])), base, refused);
    search.begin();
    refused.add("p5");
    expect(search.form && Object.values(partsIn(search.form)).filter((content) => content === "2").length).toBe(63);
    search.accepted();
    expect(search.isOver).toBe(true);
  });

  it("goes on with the next version: what is new in it first, then what was under suspicion", () => {
    const base = versioned(8, "1");
    const first = searchOf(versioned(8, "2", new Set([6])), base);
    first.begin();
    expect(first.form && partsIn(first.form)).toMatchObject({ p0: "2", p4: "1" });
    first.accepted();
    const held = table({ ...partsIn(base), p0: "2", p1: "2", p2: "2", p3: "2" });
    const next = searchOf(table({ ...partsIn(versioned(8, "2", new Set([6]))), p0: "3" }), held);
    next.carryOn(first);
    expect(next.form && partsIn(next.form)).toEqual({ ...partsIn(held), p0: "3" });
  });
});
