/** What a state file says: one JSON object a line, the last about a thing counts. */
import { type Holding, type HostnameRecord, holdingOf, type RecordKey, recordOf } from "../core/ownership.ts";
import { type Quarantine, quarantineOf, type RefusedPart } from "../core/quarantine.ts";

/** Something that is held, and since when nothing wants it (RFC 3339). */
export interface KeptClaim {
  readonly holding: Holding;
  readonly unusedSince?: string;
}

/** One line after the first. */
export type StateLine =
  | ({ readonly kind: "held" } & HostnameRecord["spec"])
  | { readonly kind: "unused"; readonly key: RecordKey; readonly since: string }
  | { readonly kind: "used" | "ended"; readonly key: RecordKey }
  | ({ readonly kind: "quarantined" } & Quarantine["spec"])
  /** A quarantine has ended, by its name. */
  | { readonly kind: "released"; readonly name: string };

/** Everything that a file keeps. */
export interface KeptState {
  readonly claims: ReadonlyMap<RecordKey, KeptClaim>;
  readonly quarantines: readonly Quarantine[];
}

/** What a state file holds, or one sentence about why it is none. */
export type StateText =
  | { readonly kind: "read"; readonly state: KeptState }
  | { readonly kind: "wrong"; readonly message: string };

/** The first line of every state file. */
export const stateHeader = JSON.stringify({ kind: "gatehouse-state", version: 1 });

export function heldLine(holding: Holding): StateLine {
  return { kind: "held", ...recordOf(holding).spec };
}

export function quarantinedLine({ spec }: Quarantine): StateLine {
  return { kind: "quarantined", ...spec };
}

/** Everything that is kept, as the lines of a new file. */
export function linesOf({ claims, quarantines }: KeptState): readonly StateLine[] {
  const ofClaims = [...claims.values()].flatMap(({ holding, unusedSince }) => [
    heldLine(holding),
    ...(unusedSince === undefined ? [] : [{ kind: "unused", key: holding.key, since: unusedSince } as const]),
  ]);
  return [...ofClaims, ...quarantines.map(quarantinedLine)];
}

/** Reads a file. The last line may be cut short: the process ended while it was written, and nothing was served by it. */
export function readStateText(text: string): StateText {
  const claims = new Map<RecordKey, KeptClaim>();
  const quarantines = new Map<string, Quarantine>();
  const read = () =>
    ({ kind: "read", state: { claims, quarantines: [...quarantines.values()].map(ofNewProcess) } }) as const;
  const [header = "", ...lines] = text.split("\n");
  if (header === "" && lines.length === 0) return read();
  if (header !== stateHeader)
    return { kind: "wrong", message: "it is no state file of Gatehouse, or of another version" };
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const known = readLine(line);
    if (known !== undefined) apply({ claims, quarantines }, known);
    else if (index < lines.length - 1) return { kind: "wrong", message: `line ${index + 2} cannot be read` };
  }
  return read();
}

/** The generations of files are counted from 1 on in each process: what of an object has changed since, its bytes tell. */
function ofNewProcess({ spec }: Quarantine): Quarantine {
  return quarantineOf({ ...partOf(spec), generation: 1 });
}

/** The parse boundary: nobody but us writes the file. */
function partOf(spec: Quarantine["spec"]): RefusedPart {
  return spec as RefusedPart;
}

interface ReadState {
  readonly claims: Map<RecordKey, KeptClaim>;
  readonly quarantines: Map<string, Quarantine>;
}

function apply({ claims, quarantines }: ReadState, line: StateLine): void {
  switch (line.kind) {
    case "held": {
      const { kind: _, ...spec } = line;
      const holding = holdingOf({ ...recordShell, spec });
      claims.set(holding.key, { holding });
      return;
    }
    case "quarantined": {
      const { kind: _, ...spec } = line;
      const quarantine = quarantineOf(partOf(spec));
      quarantines.set(quarantine.metadata.name, quarantine);
      return;
    }
    case "released":
      quarantines.delete(line.name);
      return;
    default:
      applyUse(claims, line);
  }
}

function applyUse(claims: Map<RecordKey, KeptClaim>, line: Extract<StateLine, { readonly key: RecordKey }>): void {
  const known = claims.get(line.key);
  if (known === undefined) return;
  if (line.kind === "ended") claims.delete(line.key);
  else claims.set(line.key, { holding: known.holding, ...(line.kind === "unused" && { unusedSince: line.since }) });
}

const recordShell = {
  apiVersion: "gatehouse.dev/v1alpha1",
  kind: "HostnameRecord",
  metadata: { name: "", generation: 1, creationTimestamp: "" },
} as const;

function readLine(text: string): StateLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Told by whoever knows whether it is the last line.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const isText = (field: string) => typeof Reflect.get(value, field) === "string";
  const kind: unknown = Reflect.get(value, "kind");
  const fields = typeof kind === "string" ? fieldsOf.get(kind) : undefined;
  if (kind === "quarantined" && !isHashes(Reflect.get(value, "hashes"))) return undefined;
  // The parse boundary: the texts of a line are there, and nobody but us writes the file.
  return fields?.every(isText) ? (value as StateLine) : undefined;
}

const fieldsOf: ReadonlyMap<string, readonly string[]> = new Map([
  ["held", ["hostname", "namespace", "since", "object"]],
  ["unused", ["key", "since"]],
  ["used", ["key"]],
  ["ended", ["key"]],
  ["quarantined", ["gateway", "object", "part", "words", "since"]],
  ["released", ["name"]],
]);

function isHashes(value: unknown): boolean {
  return Array.isArray(value) && value.every((hash) => typeof hash === "string");
}
