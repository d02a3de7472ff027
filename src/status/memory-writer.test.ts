import { expect, it } from "vitest";
import { conditionFalse, conditionTrue, type StatusUpdate } from "../core/conditions.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { MemoryStatusWriter } from "./memory-writer.ts";
import type { StatusOutcome } from "./writer.ts";

const controllerName = "gatehouse.dev/gateway-controller";
const object = objectKey("GatewayClass", namespacedName(undefined, "gatehouse"));

function startWriter() {
  const outcomes: StatusOutcome[] = [];
  let seconds = 0;
  const writer = new MemoryStatusWriter({
    controllerName,
    now: () => new Date(1000 * ++seconds),
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  return { writer, outcomes };
}

function update(generation: number, { accepted = true } = {}): StatusUpdate {
  const condition = accepted
    ? conditionTrue("Accepted", generation)
    : conditionFalse("Accepted", generation, { reason: "InvalidParameters", message: "no" });
  return { kind: "GatewayClass", object, conditions: [condition], supportedFeatures: [] };
}

it("keeps the latest status of each object and counts what changed nothing", () => {
  const { writer, outcomes } = startWriter();
  writer.update(object, update(1));
  writer.update(object, update(1));
  writer.update(object, update(1, { accepted: false }));
  expect(writer.statuses().get(object)?.conditions).toMatchObject([
    { status: "False", reason: "InvalidParameters", lastTransitionTime: "1970-01-01T00:00:03Z" },
  ]);
  expect(outcomes).toEqual(["written", "unchanged", "written"]);
});

it("forgets an object that we have nothing to say about any more", () => {
  const { writer, outcomes } = startWriter();
  writer.update(object, update(1));
  writer.update(object, undefined);
  writer.update(object, undefined);
  expect(writer.statuses().size).toBe(0);
  expect(outcomes).toEqual(["written", "written", "unchanged"]);
});

it("takes an object whose generation went back for a new one", () => {
  const { writer } = startWriter();
  writer.update(object, update(5));
  writer.update(object, update(1));
  expect(writer.statuses().get(object)?.conditions).toMatchObject([
    { observedGeneration: 1, lastTransitionTime: "1970-01-01T00:00:02Z" },
  ]);
});
