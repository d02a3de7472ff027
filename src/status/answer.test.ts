import { expect, it } from "vitest";
import { readStored } from "./answer.ts";

it("reads an object without a status as one with an empty status", () => {
  expect(readStored({ metadata: { name: "a", uid: "u", resourceVersion: "3", generation: 2 }, status: null })).toEqual({
    uid: "u",
    resourceVersion: "3",
    generation: 2,
    status: {},
  });
});
