import { expect, it } from "vitest";
import { namespacedName } from "../core/keys.ts";
import { VersionTrail } from "./version-trail.ts";

const gateway = namespacedName("infra", "edge");
const table = { gateway, name: "http-80" };

it("counts who holds the version, or a later one", () => {
  const trail = new VersionTrail(10);
  trail.note(gateway, "http-80", "0");
  trail.follow(gateway, "http-80", "1");
  for (const version of ["2", "2", undefined, "3"]) trail.note(gateway, "http-80", version);
  const reached = (wanted: string | undefined) =>
    ["0", "1", "2", undefined, "3", "other"].filter((held) => trail.hasReached(table, wanted, held));
  expect(reached("1")).toEqual(["1", "2", undefined, "3"]);
  expect(reached(undefined)).toEqual([undefined, "3"]);
  expect(reached("3")).toEqual(["3"]);
  expect(reached("0")).toEqual(["0", "1", "2", undefined, "3"]);
});

it("counts who holds the same content again", () => {
  const trail = new VersionTrail(10);
  trail.follow(gateway, "http-80", "a");
  for (const version of ["b", "a"]) trail.note(gateway, "http-80", version);
  expect(trail.hasReached(table, "b", "a")).toBe(true);
  expect(trail.hasReached(table, "a", "b")).toBe(true);
});

it("forgets the resources that it followed first", () => {
  const trail = new VersionTrail(1);
  trail.follow(gateway, "http-80", "1");
  trail.follow(gateway, "http-81", "1");
  for (const name of ["http-80", "http-81"]) trail.note(gateway, name, "2");
  expect(trail.hasReached(table, "1", "2")).toBe(false);
  expect(trail.hasReached({ gateway, name: "http-81" }, "1", "2")).toBe(true);
});
