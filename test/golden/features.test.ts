import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { supportedFeatures } from "../../src/translate/supported-features.ts";
import { featureGoldens } from "./feature-goldens.ts";

const claimed = supportedFeatures({ kind: "cluster" });

it.each(claimed)("%s is shown by golden cases that are there", (feature) => {
  const goldens = featureGoldens[feature] ?? [];
  expect(goldens).not.toEqual([]);
  const missing = goldens.filter((golden) => !existsSync(new URL(`${golden}.yaml`, import.meta.url)));
  expect(missing).toEqual([]);
});

it("names no feature that no GatewayClass tells of", () => {
  expect(Object.keys(featureGoldens).filter((feature) => !claimed.includes(feature))).toEqual([]);
});
