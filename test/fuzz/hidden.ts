/** Whether statuses tell what another namespace has of which it grants nothing. */
import { createFuzzWorld } from "./fuzz-world.ts";
import type { TakenObject } from "./take.ts";

const hidden = "vault";
const referents: ReadonlySet<string> = new Set(["Service", "Secret", "ConfigMap", "EndpointSlice"]);

/** Statuses outside the hidden namespace that are others when nothing is there that could be referred to: none may be. */
export function toldOfHidden(taken: readonly TakenObject[]): readonly string[] {
  const isHidden = ({ object }: TakenObject) => object.metadata.namespace === hidden;
  // What its own objects say of it is no secret: there are none.
  const full = taken.filter((entry) => !isHidden(entry) || referents.has(entry.kind));
  const [one, other] = [statusesOf(full), statusesOf(full.filter((entry) => !isHidden(entry)))];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((key) => one.get(key) !== other.get(key))
    .map((key) => `${key} tells what ${hidden} has: ${firstDifference(one.get(key) ?? "", other.get(key) ?? "")}`);
}

function firstDifference(one: string, other: string): string {
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  const around = (text: string) => text.slice(Math.max(0, at - 200), at + 200);
  return `…${around(one)}… and without it …${around(other)}…`;
}

function statusesOf(taken: readonly TakenObject[]): ReadonlyMap<string, string> {
  const world = createFuzzWorld("127.0.0.1");
  world.set(taken);
  world.flush();
  return new Map([...world.statuses].map(([key, status]) => [key, JSON.stringify(status)]));
}
