import { expect, it } from "vitest";
import type { Catalogue } from "./catalogue.ts";
import { type Asked, chooseTests, featuresFor } from "./choice.ts";

const catalogue: Catalogue = {
  profiles: [
    { name: "GATEWAY-HTTP", core: ["Gateway", "HTTPRoute"], extended: ["HTTPRouteCORS"] },
    { name: "GATEWAY-UDP", core: ["Gateway", "UDPRoute"], extended: [] },
  ],
  tests: [
    { name: "OfBoth", features: ["Gateway"], provisional: false },
    { name: "Cors", features: ["Gateway", "HTTPRouteCORS"], provisional: false },
    { name: "Udp", features: ["Gateway", "UDPRoute"], provisional: true },
    { name: "OfNone", features: ["Gateway", "HTTPRoute", "UDPRoute"], provisional: false },
    { name: "OfMeshes", features: ["HTTPRoute", "Mesh"], provisional: false },
  ],
};

function names(asked: Asked): Readonly<Record<string, readonly string[]>> {
  const { profiles, wanted, left } = chooseTests(catalogue, asked);
  return { profiles, wanted: wanted.map(({ name }) => name), left: left.map(({ name }) => name) };
}

it.each([
  {
    what: "nothing that is asked",
    asked: {},
    want: {
      profiles: ["GATEWAY-HTTP", "GATEWAY-UDP"],
      wanted: ["OfBoth", "Cors", "Udp", "OfNone"],
      left: ["OfMeshes"],
    },
  },
  {
    what: "a profile",
    asked: { profile: "GATEWAY-UDP" },
    want: { profiles: ["GATEWAY-UDP"], wanted: ["OfBoth", "Udp"], left: ["Cors", "OfNone", "OfMeshes"] },
  },
  {
    what: "tests by name",
    asked: { tests: "Udp,Cors" },
    want: {
      profiles: ["GATEWAY-HTTP", "GATEWAY-UDP"],
      wanted: ["Udp", "Cors"],
      left: ["OfBoth", "OfNone", "OfMeshes"],
    },
  },
])("splits the suite by $what", ({ asked, want }) => {
  expect(names(asked)).toEqual(want);
});

it("refuses a test that there is not", () => {
  expect(() => chooseTests(catalogue, { tests: "Cors,Gone" })).toThrow("the suite has no test Gone");
});

it("tells for a profile what is claimed of it, and for named tests also what they need", () => {
  const claimed = ["Gateway", "HTTPRoute"];
  expect(featuresFor(chooseTests(catalogue, { profile: "GATEWAY-HTTP" }), claimed)).toEqual(["Gateway"]);
  expect(featuresFor(chooseTests(catalogue, { tests: "Cors" }), claimed)).toEqual([
    "Gateway",
    "HTTPRoute",
    "HTTPRouteCORS",
  ]);
});
