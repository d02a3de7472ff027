import { describe, expect, it } from "vitest";
import { fleetSpec, renderOptions } from "../../test/provision/fleet-specs.ts";
import { FleetMemory } from "./fleet-memory.ts";
import { renderFleet } from "./render/render-fleet.ts";

const spec = fleetSpec();
const objects = renderFleet(spec, renderOptions());
const deployment = objects.at(-1);
if (deployment === undefined) throw new Error("bug: a fleet without objects");

/** What admission makes of an object: another registry, and no annotations. */
const admitted = JSON.parse(JSON.stringify(deployment).replaceAll("docker.io/", "mirror.example.com/"));
admitted.metadata.annotations = {};

describe("an object that admission changes on its way", () => {
  it("has neither drifted nor to be applied again, until somebody else changes it", () => {
    const memory = new FleetMemory(spec, objects);
    expect(memory.isApplied(deployment, admitted)).toBe(false);
    memory.noteAnswer(deployment, admitted);
    expect(memory.isApplied(deployment, admitted)).toBe(true);
    expect(memory.hasDrifted(deployment, admitted)).toBe(false);
    const edited = { ...admitted, spec: { ...admitted.spec, replicas: 9 } };
    expect(memory.hasDrifted(deployment, edited)).toBe(true);
  });

  it("is looked at afresh when it is another object, when something else is wanted, or after another leader", () => {
    const memory = new FleetMemory(spec, objects);
    memory.noteAnswer(deployment, admitted);
    expect(memory.isApplied(deployment, { ...admitted, metadata: { ...admitted.metadata, uid: "other" } })).toBe(false);
    const next = renderFleet(spec, renderOptions("2.0.0")).at(-1);
    expect(next && memory.isApplied(next, admitted)).toBe(false);
    memory.forgetAnswers();
    expect(memory.isApplied(deployment, admitted)).toBe(false);
  });
});

describe("the wait for the next attempt", () => {
  it("doubles up to five minutes, with chance in it, and starts afresh after success", () => {
    const memory = new FleetMemory(spec, objects);
    const delays = Array.from({ length: 12 }, () => memory.nextDelay(() => 0));
    expect(delays.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(delays.at(-1)).toBe(150_000);
    memory.settle();
    expect(memory.nextDelay(() => 1)).toBe(1_000);
  });
});
