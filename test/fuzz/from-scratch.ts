/** Whether a translation that lived through edits is what one from scratch is. */
import { holdingOf } from "../../src/core/ownership.ts";
import { createWorld, difference, type Edit, holdClaims, outcome, type World } from "../incremental/world.ts";
import { keyOf, type TakenObject } from "./take.ts";

/** One step: objects that come or change, and objects that go. */
export interface Step {
  readonly set: readonly TakenObject[];
  readonly deleted: readonly TakenObject[];
}

/** Lives through the steps; at the end every byte has to be as in a translation of what is there then. Tells what is not. */
export function differencesFromScratch(steps: readonly Step[]): readonly string[] {
  const lived = createWorld();
  const objects = new Map<string, TakenObject>();
  for (const { set, deleted } of steps) {
    lived.apply([...set.map(edit), ...deleted.map(removal)]);
    for (const taken of set) objects.set(keyOf(taken), taken);
    for (const taken of deleted) objects.delete(keyOf(taken));
    settle(lived);
  }
  const scratch = createWorld();
  const holdings = [...lived.pipeline.holdings.entries()].map(([key, value]): Edit => ({ of: "holdings", key, value }));
  const present = [...objects.values()].filter(({ kind }) => kind !== "HostnameRecord");
  scratch.apply([...present.map(edit), ...holdings]);
  settle(scratch);
  return difference(outcome(scratch), outcome(lived)).slice(0, 4);
}

function settle(world: World): void {
  world.graph.flush();
  holdClaims(world);
}

function edit({ kind, name, object }: TakenObject): Edit {
  if (object.kind === "HostnameRecord") {
    const value = holdingOf(object);
    return { of: "holdings", key: value.key, value };
  }
  return { of: kind, key: name, value: object } as Edit; // of its kind
}

function removal(taken: TakenObject): Edit {
  return { ...edit(taken), value: undefined } as Edit; // of the same kind
}
