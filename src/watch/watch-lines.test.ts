import { describe, expect, it } from "vitest";
import { readEvents, type WatchBatch } from "./watch-lines.ts";

async function read(chunks: readonly (string | Buffer)[]): Promise<readonly WatchBatch[]> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk as string); // both are taken
  }
  const batches: WatchBatch[] = [];
  for await (const batch of readEvents(bytes())) batches.push(batch);
  return batches;
}

const added = (name: string) => `${JSON.stringify({ type: "ADDED", object: { metadata: { name } } })}\n`;
const namesOf = (batches: readonly WatchBatch[]) =>
  batches.map((batch) =>
    batch.kind === "failed"
      ? batch.failure.message
      : batch.events.map((event) => (event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.name)),
  );

describe("readEvents", () => {
  it("makes one batch of what one chunk completes, wherever characters and lines are cut", async () => {
    const bytes = Buffer.from(added("a") + added("ü") + added("c"));
    for (let cut = 1; cut < bytes.length; cut++) {
      const batches = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(namesOf(batches).flat()).toEqual(["a", "ü", "c"]);
    }
    expect(namesOf(await read([bytes]))).toEqual([["a", "ü", "c"]]);
  });

  it("tells bookmarks and errors of the API server", async () => {
    const bookmark = `${JSON.stringify({ type: "BOOKMARK", object: { metadata: { resourceVersion: "7" } } })}\n`;
    const error = `${JSON.stringify({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } })}\n`;
    const batches = await read([bookmark + error, added("never")]);
    expect(namesOf(batches)).toEqual([["7"], "too old"]);
    expect(batches[1]).toMatchObject({ failure: { status: 410, reason: "Expired" } });
  });

  it.each([
    ["no JSON", "nonsense\n", "the API server sent a watch event that is not JSON"],
    ["no event", "[1]\n", "the API server sent something that is no watch event"],
    ["an object without metadata", '{"type":"ADDED","object":{}}\n', "the API server sent an object without metadata"],
    [
      "an object without name",
      '{"type":"ADDED","object":{"metadata":{}}}\n',
      "the API server sent an object without a name",
    ],
    ["an unknown type", '{"type":"NEW","object":{"metadata":{}}}\n', "the API server sent an unknown event"],
    ["half an event", '{"type":"ADD', "the watch ended in the middle of an event"],
  ])("ends at %s, after what was readable, without quoting it", async (_name, text, message) => {
    expect(namesOf(await read([added("a"), text]))).toEqual([["a"], message]);
  });

  it("ends at a line that is longer than any object", async () => {
    const chunk = Buffer.alloc(1024 * 1024, "x");
    expect(namesOf(await read(Array.from({ length: 10 }, () => chunk)))).toEqual([
      "the API server sent a line of more than 8 MiB",
    ]);
  });
});
