import { describe, expect, it } from "vitest";
import type { ResourceType } from "../core/xds-resource.ts";
import { namedInWords, reasonIn } from "./refusal-words.ts";

const invalid = (name: string) =>
  `goo.gle/debugproto  \n${name}\ntype: EDS\n: Proto constraint validation failed (ClusterValidationError.ConnectTimeout: value must be greater than 0s)`;

describe("the names in Envoy's words", () => {
  it.each<{ readonly type: ResourceType; readonly words: string; readonly names: string[]; readonly want: string[] }>([
    {
      type: "cluster",
      words: "Error adding/updating cluster(s) x: LOGICAL_DNS clusters must have one, y: LB policy is not valid",
      names: ["c", "x", "y"],
      want: ["x", "y"],
    },
    {
      type: "cluster",
      words: "Error adding/updating cluster(s) ns/x: why, because: of",
      names: ["because", "ns/x"],
      want: ["ns/x", "because"],
    },
    { type: "cluster", words: "Error adding/updating cluster(s) x: why", names: ["a", "b"], want: [] },
    { type: "cluster", words: "cluster x: Error adding/updating cluster(s) x: why", names: ["x"], want: [] },
    {
      type: "listener",
      words: "Error adding/updating listener(s) m: no filter chains, n: not listed\no:p: the same\n",
      names: ["m", "n", "o:p"],
      want: ["m", "o:p"],
    },
    { type: "cluster", words: invalid('name: "p"'), names: ["p", "q"], want: ["p"] },
    { type: "endpoint", words: invalid('cluster_name: "p"'), names: ["p"], want: ["p"] },
    { type: "scope", words: invalid('name: "k7"'), names: ["k7"], want: ["k7"] },
    { type: "route", words: invalid('name: "other"\nname: "p"'), names: ["p"], want: [] },
    { type: "route", words: "missing ): ((", names: ["((", "missing )"], want: [] },
    { type: "route", words: "Error adding/updating cluster(s) t: why", names: ["t"], want: [] },
    { type: "scope", words: "route_configuration_name is empty.", names: ["route_configuration_name"], want: [] },
    { type: "secret", words: "Failed to load certificate chain from <inline>", names: ["<inline>"], want: [] },
  ])("of a refused $type: $words", ({ type, words, names, want }) => {
    expect([...namedInWords(type, words, new Set(names))]).toEqual(want);
  });
});

describe("the reason in Envoy's words", () => {
  it("leaves out the resource that is quoted", () => {
    expect(reasonIn(invalid('name: "p"'))).toBe(
      "Proto constraint validation failed (ClusterValidationError.ConnectTimeout: value must be greater than 0s)",
    );
    expect(reasonIn("missing ): ((")).toBe("missing ): ((");
  });
});
