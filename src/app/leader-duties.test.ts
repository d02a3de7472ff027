import { expect, it } from "vitest";
import { LeaderDuties } from "./leader-duties.ts";

function start() {
  const told: string[] = [];
  const ready = new Set<string>();
  const duty = (name: string) => ({
    duty: { lead: (isLeader: boolean) => told.push(`${name} ${isLeader}`) },
    isReady: () => ready.has(name),
  });
  return { told, ready, duties: new LeaderDuties([duty("statuses"), duty("fleets")]) };
}

it("hands each duty out once, when it is ready and this replica leads", () => {
  const { told, ready, duties } = start();
  ready.add("statuses");
  duties.look();
  expect(told).toEqual([]);
  duties.lead(true);
  duties.look();
  expect(told).toEqual(["statuses true"]);
  ready.add("fleets");
  duties.look();
  expect(told).toEqual(["statuses true", "fleets true"]);
});

it("takes back what was handed out, and nothing else", () => {
  const { told, ready, duties } = start();
  ready.add("fleets");
  duties.lead(true);
  duties.lead(false);
  duties.lead(false);
  expect(told).toEqual(["fleets true", "fleets false"]);
  duties.lead(true);
  expect(told.at(-1)).toBe("fleets true");
});
