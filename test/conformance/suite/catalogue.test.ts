import { expect, it } from "vitest";
import { type Catalogue, isMeshTest, profileOf, testsOfProfile } from "./catalogue.ts";

const catalogue: Catalogue = {
  profiles: [
    { name: "GATEWAY-HTTP", core: ["Gateway", "HTTPRoute"], extended: ["HTTPRouteCORS"] },
    { name: "GATEWAY-TLS", core: ["Gateway", "TLSRoute"], extended: [] },
  ],
  tests: [
    { name: "OfBoth", features: ["Gateway"], provisional: false },
    { name: "Core", features: ["Gateway", "HTTPRoute"], provisional: false },
    { name: "Extended", features: ["HTTPRoute", "HTTPRouteCORS"], provisional: true },
    { name: "OfNone", features: ["HTTPRoute", "TLSRoute"], provisional: false },
    { name: "OfMeshes", features: ["HTTPRoute", "Mesh"], provisional: false },
  ],
};

it.each([
  { name: "GATEWAY-HTTP", want: ["OfBoth", "Core", "Extended"] },
  { name: "GATEWAY-TLS", want: ["OfBoth"] },
])("counts the core and the extended tests of $name, and none that needs more", ({ name, want }) => {
  expect(testsOfProfile(catalogue, profileOf(catalogue, name)).map((test) => test.name)).toEqual(want);
});

it("names the profiles when it is asked for another", () => {
  expect(() => profileOf(catalogue, "GATEWAY")).toThrow("there is no profile GATEWAY: GATEWAY-HTTP, GATEWAY-TLS");
});

it("tells the tests of meshes from the others", () => {
  expect(catalogue.tests.filter(isMeshTest).map(({ name }) => name)).toEqual(["OfMeshes"]);
});
