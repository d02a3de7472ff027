import { expect, it } from "vitest";
import type { ObjectKey } from "../core/keys.ts";
import type { WorldDiff } from "../core/world-diff.ts";
import { diffMarkdown } from "./diff-markdown.ts";

it("lets nothing that others wrote break out of its cell", () => {
  const hostile = "a | b\n</td>**@team** [x](http://evil.example) <img> `c` \u001b[31m";
  const diff: WorldDiff = {
    apiVersion: "gatehouse.dev/v1alpha1",
    kind: "WorldDiff",
    verdict: "refused",
    objects: [
      {
        // As a key is written.
        object: "HTTPRoute/shop/web" as ObjectKey,
        action: "create",
        refused: true,
        verdicts: [{ type: "Accepted", status: "False", reason: "Refused", message: hostile, good: false }],
      },
    ],
    owners: [],
    requests: [],
    forwarded: [],
    others: [],
    proxies: [],
    notes: [hostile],
  };
  const lines = diffMarkdown(diff).split("\n");
  const row = lines.find((line) => line.startsWith("| HTTPRoute shop/web"));
  expect(row?.match(/\|/g)).toHaveLength(4);
  expect(row).toContain("**create, refused**");
  for (const line of lines.filter((each) => each.includes("evil"))) {
    expect(line.replaceAll("<br>", "").replaceAll("**create, refused**", "")).not.toMatch(/[<>`[\]@*\p{Cc}]/u);
  }
});
