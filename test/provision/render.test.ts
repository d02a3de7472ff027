import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { RawObject } from "../../src/core/kube-client.ts";
import { isAsWanted } from "../../src/provision/apply/apply-object.ts";
import { fleetObjectKindNames } from "../../src/provision/render/fleet-object.ts";
import { renderFleet } from "../../src/provision/render/render-fleet.ts";
import { fleetSpec, renderOptions } from "./fleet-specs.ts";
import { renderCases } from "./render-cases.ts";

// `UPDATE_GOLDEN=1` writes the files anew: read the difference before it is kept.
const update = process.env["UPDATE_GOLDEN"] === "1";

/** What a Kubernetes 1.36 API server answered to each of the objects, with its defaults. */
const answers: Readonly<Record<string, readonly RawObject[]>> = JSON.parse(
  readFileSync(new URL("server-answers.json", import.meta.url), "utf8"),
);

describe.each(Object.entries(renderCases))("the objects of a fleet with %s", (name, fleet) => {
  const objects = renderFleet(fleet, renderOptions());

  it("are as they are kept", () => {
    const path = new URL(`golden/${name}.yaml`, import.meta.url);
    const text = objects.map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join("");
    if (update) writeFileSync(path, text);
    else expect(text).toBe(readFileSync(path, "utf8"));
  });

  it("come in the order in which they are applied", () => {
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds).toEqual(fleetObjectKindNames.filter((kind) => kinds.includes(kind)));
  });

  it("have not drifted when an API server has filled in its defaults", () => {
    const answered = answers[name] ?? [];
    expect(answered.map(({ kind }) => kind)).toEqual(objects.map(({ kind }) => kind));
    for (const [index, object] of objects.entries()) {
      const answer = answered[index];
      if (answer === undefined) throw new Error("bug: compared above");
      expect(answer).not.toEqual(object);
      expect(isAsWanted(object, answer)).toBe(true);
    }
  });
});

describe("rendering", () => {
  it("gives nothing for proxies that the user runs", () => {
    expect(renderFleet(fleetSpec({ parameters: { managed: false } }), renderOptions())).toEqual([]);
  });

  it("replaces the pods when the bootstrap changes", () => {
    const options = renderOptions();
    const other = { ...options, bootstrapOf: () => new Map([["envoy.json", { node: { cluster: "other" } }]]) };
    const templates = [options, other].map((one) => JSON.stringify(renderFleet(fleetSpec(), one).at(-1)?.["spec"]));
    expect(templates[0]).not.toBe(templates[1]);
  });

  it("tells what the Gateway's own team has changed from what its class has", () => {
    const share = (choice: Parameters<typeof fleetSpec>[0]) =>
      renderFleet(fleetSpec(choice), renderOptions()).at(-1)?.metadata.annotations["gatehouse.dev/gateway-share"];
    const usual = share({});
    expect(share({ parameters: { logLevel: "debug" } })).toBe(usual);
    expect(share({ generation: 7 })).toBe(usual);
    expect(share({ labels: { team: "shop" } })).not.toBe(usual);
    expect(share({ gatewayClass: "other" })).not.toBe(usual);
    const own = [{ field: "labels", from: "gateway" }] as const;
    expect(share({ parameters: { podLabels: { a: "1" }, origins: own } })).not.toBe(
      share({ parameters: { podLabels: { a: "2" }, origins: own } }),
    );
  });
});
