import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { envoyVersionProblem, supportedEnvoyMinors } from "./supported-envoy.ts";

it.each(["1.37.0", "1.38.3", "1.40.0", "1.40", ""])("takes %j", (version) => {
  expect(envoyVersionProblem(version)).toBeUndefined();
});

it.each(["1.36.4", "1.41.0", "1.4.0", "2.37.0", "x".repeat(1000)])("tells that %s is not supported", (version) => {
  expect(envoyVersionProblem(version)).toBe(
    `Envoy ${version.slice(0, 32)} is not supported: supported are 1.37 to 1.40`,
  );
});

it("are those that the tests of versions run", () => {
  const versions = JSON.parse(readFileSync(new URL("../../scripts/versions.json", import.meta.url), "utf8"));
  const tested = [...versions.furtherEnvoys, versions.envoy] as readonly string[];
  expect(tested.map((version) => version.split(".").slice(0, 2).join("."))).toEqual(supportedEnvoyMinors);
});
