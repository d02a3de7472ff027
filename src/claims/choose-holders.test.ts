import { describe, expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import { type ClaimWant, type HeldPath, hostnameRecordKey, pathRecordKey } from "../core/ownership.ts";
import { chooseHolders } from "./choose-holders.ts";

function candidate(namespace: string, day: number) {
  const object = objectKey("HTTPRoute", namespacedName(namespace, "web"));
  return { namespace, object, createdAt: `2026-01-0${day}T00:00:00Z` };
}

function host(hostname: string, ...candidates: readonly ClaimWant["candidates"][number][]): ClaimWant {
  return { key: hostnameRecordKey(hostname), hostname, candidates };
}

function path(
  value: string,
  type: HeldPath["type"],
  holder: ClaimWant["candidates"][number],
  hostname = "",
): ClaimWant {
  const held: HeldPath = { listener: "Gateway/infra/g/http", type, value };
  return { key: pathRecordKey(hostname, held), hostname, path: held, candidates: [holder] };
}

const [a, b, c] = [candidate("a", 1), candidate("b", 2), candidate("c", 3)];

describe("chooseHolders", () => {
  it.each<{ name: string; wants: readonly ClaimWant[]; want: readonly string[] }>([
    { name: "the oldest gets it", wants: [host("x.com", a, b)], want: ["a x.com"] },
    {
      name: "the oldest comes first",
      wants: [host("y.com", b), host("x.com", c), host("z.com", a)],
      want: ["a z.com", "b y.com", "c x.com"],
    },
    {
      name: "a wildcard keeps others below it waiting",
      wants: [host("api.x.com", b), host("*.x.com", a)],
      want: ["a *.x.com"],
    },
    {
      name: "who names a hostname waits for others that share it by path",
      wants: [path("/a", "PathPrefix", a, "x.com"), host("x.com", b)],
      want: ["a /a"],
    },
    {
      name: "who shares a hostname with nobody else does not wait",
      wants: [path("/a", "PathPrefix", a, "x.com"), host("x.com", candidate("a", 2))],
      want: ["a /a", "a x.com"],
    },
    {
      name: "a wildcard waits for others below it",
      wants: [host("api.x.com", a), host("*.x.com", b)],
      want: ["a api.x.com"],
    },
    {
      name: "a wildcard is not above its own suffix",
      wants: [host("x.com", b), host("*.x.com", a)],
      want: ["a *.x.com", "b x.com"],
    },
    {
      name: "nor above another domain that ends like it",
      wants: [host("evilx.com", b), host("*.x.com", a)],
      want: ["a *.x.com", "b evilx.com"],
    },
    {
      name: "a namespace may have both at once",
      wants: [host("api.x.com", a), host("*.x.com", a)],
      want: ["a api.x.com", "a *.x.com"],
    },
    {
      name: "paths side by side are chosen at once",
      wants: [path("/a", "PathPrefix", a), path("/ab", "PathPrefix", b)],
      want: ["a /a", "b /ab"],
    },
    {
      name: "a path below another waits",
      wants: [path("/a/b", "PathPrefix", b), path("/a", "PathPrefix", a)],
      want: ["a /a"],
    },
    { name: "a path above another waits", wants: [path("/", "PathPrefix", b), path("/a", "Exact", a)], want: ["a /a"] },
    {
      name: "nothing is below an exact path",
      wants: [path("/a", "Exact", a), path("/a/b", "PathPrefix", b)],
      want: ["a /a", "b /a/b"],
    },
    {
      name: "a path waits for the whole hostname",
      wants: [path("/a", "Exact", b, "x.com"), host("x.com", a)],
      want: ["a x.com"],
    },
    {
      name: "a whole hostname waits for a path",
      wants: [path("/a", "Exact", a, "x.com"), host("x.com", b)],
      want: ["a /a"],
    },
  ])("$name", ({ wants, want }) => {
    const told = (choice: ReturnType<typeof chooseHolders>[number]) =>
      `${choice.candidate.namespace} ${choice.want.path?.value ?? choice.want.hostname}`;
    expect(chooseHolders(wants, { inTurn: true }).map(told)).toEqual(want);
    expect(chooseHolders([...wants].reverse(), { inTurn: true }).map(told)).toEqual(want);
  });

  it("lets the wider one follow at once where all come into force together", () => {
    const chosen = chooseHolders([host("*.x.com", b), host("api.x.com", a)]);
    expect(chosen.map(({ want }) => want.hostname)).toEqual(["api.x.com", "*.x.com"]);
  });

  it("prefers whoever was served before to who is older", () => {
    const chosen = chooseHolders([host("x.com", a, b)], { wasServed: ({ namespace }) => namespace === "b" });
    expect(chosen.map(({ candidate }) => candidate.namespace)).toEqual(["b"]);
  });

  it("chooses nothing that overlaps with what is under way", () => {
    const underWay = chooseHolders([host("*.x.com", b)]);
    expect(chooseHolders([host("api.x.com", a), host("api.y.com", a)], { underWay })).toHaveLength(1);
  });

  it("chooses among twenty thousand within a second", () => {
    const wants = Array.from({ length: 20_000 }, (_, index) =>
      path(`/p${index}`, "PathPrefix", a, `h${index % 500}.x.com`),
    );
    const began = performance.now();
    expect(chooseHolders(wants)).toHaveLength(20_000);
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
