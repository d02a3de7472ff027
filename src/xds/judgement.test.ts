import { describe, expect, it } from "vitest";
import type { XdsResource } from "../core/xds-resource.ts";
import { Backlog } from "./backlog.ts";
import { HeldContent } from "./held-content.ts";
import { judgeFirst } from "./judgement.ts";
import type { Batch, SentResource } from "./response-batch.ts";

describe("a refusal of a client's first complete response", () => {
  it.each([
    { words: "Error adding/updating cluster(s) b: no", refused: ["b"], taken: [] },
    { words: "it fails: b has no type", refused: ["b"], taken: [] },
    { words: "it fails", refused: [], taken: ["a1", "b"] },
  ])("R3: of '$words' $refused is bad, and the client is believed to have $taken", ({ words, refused, taken }) => {
    const upserts = new Map(["a1", "b"].map((name) => [name, sent(name)]));
    const batch: Batch = { kind: "upserts", upserts, removals: new Set() };
    const found = judgeFirst({ type: "cluster", batch, words, held: new HeldContent(), backlog: new Backlog() });
    expect([found.refused.map(nameOf), found.taken.map(nameOf)]).toEqual([refused, taken]);
  });
});

function sent(name: string): SentResource {
  return { resource: { type: "cluster", name, version: "1", bytes: new Uint8Array() }, created: 1, since: 1 };
}

function nameOf({ name }: XdsResource): string {
  return name;
}
