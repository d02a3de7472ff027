import type { KubeFailure, RawObject } from "../core/kube-client.ts";

/** One event of a watch. Bookmarks tell how far the watch has come, and nothing else. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: RawObject }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

/** Events that arrived together, or why the watch has failed. */
export type WatchBatch =
  | { readonly kind: "events"; readonly events: readonly WatchEvent[] }
  | { readonly kind: "failed"; readonly failure: KubeFailure };

/** Larger than any object in etcd, with room for its managed fields. */
const longestLine = 8 * 1024 * 1024;
const newline = 0x0a;

/**
 * Cuts the bytes of a watch into lines and reads them: what one chunk completes is one batch. A line that is no event
 * ends the watch, as nobody can tell what has been missed.
 */
export async function* readEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<WatchBatch> {
  let rest: Buffer[] = [];
  let restLength = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(newline);
    if (end < 0) {
      rest.push(chunk);
      restLength += chunk.length;
      if (restLength <= longestLine) continue;
      yield unreadable("the API server sent a line of more than 8 MiB");
      return;
    }
    const complete = Buffer.concat([...rest, chunk.subarray(0, end)]);
    // A copy: a small rest would keep the whole chunk in memory.
    rest = end + 1 < chunk.length ? [Buffer.from(chunk.subarray(end + 1))] : [];
    restLength = chunk.length - end - 1;
    const { events, failure } = parseLines(complete);
    if (events.length > 0) yield { kind: "events", events };
    if (failure !== undefined) {
      yield failure;
      return;
    }
  }
  if (restLength > 0) yield unreadable("the watch ended in the middle of an event");
}

type Failed = WatchBatch & { readonly kind: "failed" };

function parseLines(bytes: Buffer): { readonly events: readonly WatchEvent[]; readonly failure?: Failed } {
  const events: WatchEvent[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.toString("utf8", start, end).trim();
    start = end + 1;
    if (line === "") continue;
    const read = parseLine(line);
    if ("kind" in read) return { events, failure: read };
    events.push(read);
  }
  return { events };
}

function parseLine(line: string): WatchEvent | Failed {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    // The parser's message would quote the line, which may hold a Secret.
    return unreadable("the API server sent a watch event that is not JSON");
  }
  if (!isRecord(event) || !isRecord(event["object"]))
    return unreadable("the API server sent something that is no watch event");
  const { type, object } = event;
  if (type === "ERROR") return { kind: "failed", failure: statusFailure(object) };
  const metadata = object["metadata"];
  if (!isRecord(metadata)) return unreadable("the API server sent an object without metadata");
  if (type === "BOOKMARK") return { type, resourceVersion: String(metadata["resourceVersion"] ?? "") };
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED")
    return unreadable("the API server sent an unknown event");
  if (typeof metadata["name"] !== "string") return unreadable("the API server sent an object without a name");
  return { type, object: object as unknown as RawObject }; // the parse boundary: it has metadata and a name
}

function statusFailure({ code, reason, message }: Readonly<Record<string, unknown>>): KubeFailure {
  return {
    kind: "failed",
    status: typeof code === "number" ? code : 0,
    reason: typeof reason === "string" ? reason : "Unknown",
    message: typeof message === "string" ? message.slice(0, 1000) : "the API server ended the watch",
  };
}

function unreadable(message: string): Failed {
  return { kind: "failed", failure: { kind: "failed", status: 0, reason: "Unreadable", message } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
