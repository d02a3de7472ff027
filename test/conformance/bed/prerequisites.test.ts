import { expect, it } from "vitest";
import { missingForBed } from "./prerequisites.ts";

it("lacks nothing where everything is there", () => {
  expect(missingForBed({ isRoot: true, has: () => true })).toBeUndefined();
});

it("names all that is missing in one line", () => {
  const text = missingForBed({ isRoot: false, has: (program) => program !== "nft" && program !== "go" });
  expect(text).toMatch(
    /^Missing: root, Go, nft \(nftables\)\. A cluster on this machine needs root, Go, .*conntrack.*\.$/,
  );
  expect(text).not.toContain("\n");
});

it("leaves out what is there", () => {
  expect(missingForBed({ isRoot: true, has: (program) => program !== "conntrack" })).toMatch(/^Missing: conntrack\. /);
});
