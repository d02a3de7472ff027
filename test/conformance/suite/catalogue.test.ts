import { expect, it } from "vitest";
import { type Catalogue, testsOfProfile } from "./catalogue.ts";

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
  ],
};

it("counts the core and the extended tests of a profile, and none that needs more", () => {
  expect(testsOfProfile(catalogue, "GATEWAY-HTTP").map(({ name }) => name)).toEqual(["OfBoth", "Core", "Extended"]);
  expect(testsOfProfile(catalogue, "GATEWAY-TLS").map(({ name }) => name)).toEqual(["OfBoth"]);
});

it("names the profiles when it is asked for another", () => {
  expect(() => testsOfProfile(catalogue, "GATEWAY")).toThrow("there is no profile GATEWAY: GATEWAY-HTTP, GATEWAY-TLS");
});
