import { describe, expect, it } from "vitest";
import { PublicationTrail } from "./publication-trail.ts";

/** Publishes these versions of one resource one after the other: the first is publication 1. */
function publish(trail: PublicationTrail, versions: readonly (string | undefined)[], key = "table"): void {
  for (const version of versions) {
    trail.begin();
    trail.note(key, version);
  }
}

/** Which of some versions were current at some time since a publication. */
function since(trail: PublicationTrail, publication: number): string {
  return ["0", "1", "2", "3", "4"].filter((version) => trail.isSince("table", publication, version)).join("");
}

describe("a trail", () => {
  it("knows which versions were current since a publication", () => {
    const trail = new PublicationTrail();
    publish(trail, ["1", "2", "2", "3"]);
    expect([1, 2, 3, 4, 5].map((publication) => since(trail, publication))).toEqual(["123", "23", "23", "3", "3"]);
  });

  it("counts a version that came again as long as it was there last", () => {
    const trail = new PublicationTrail();
    publish(trail, ["1", "2", "1", "3"]);
    expect([1, 2, 3, 4].map((publication) => since(trail, publication))).toEqual(["123", "123", "13", "3"]);
  });

  it("knows that a resource which is gone was there before", () => {
    const trail = new PublicationTrail();
    publish(trail, ["1", undefined, "2", undefined]);
    expect(trail.current("table")).toBeUndefined();
    expect([1, 2, 3, 4].map((publication) => since(trail, publication))).toEqual(["12", "2", "2", ""]);
  });

  it("says of nothing that it does not know that it is recent", () => {
    expect(since(new PublicationTrail(), 0)).toBe("");
  });

  it("forgets the oldest versions of all resources, and never what is current", () => {
    const trail = new PublicationTrail(2);
    publish(trail, ["1", "2", "3", "4"]);
    expect([trail.size, since(trail, 1)]).toEqual([2, "234"]);
    publish(trail, ["a", "b", "c", "d", undefined], "other");
    expect([trail.size, since(trail, 1)]).toEqual([2, "4"]);
    for (let round = 0; round < 1_000; round += 1) publish(trail, [String(round)], "busy");
    expect(trail.size).toBe(2);
  });

  it("keeps nothing for what never changes", () => {
    const trail = new PublicationTrail();
    for (let round = 0; round < 100; round += 1) publish(trail, ["1"], `table-${round}`);
    expect(trail.size).toBe(0);
  });
});
