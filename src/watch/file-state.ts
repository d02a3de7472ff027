import type { ObjectKey } from "../core/keys.ts";
import { emptyManifestFile, type ManifestFile, readManifestFile } from "./manifest-file.ts";
import type { Claim } from "./manifest-index.ts";
import type { SourceProblem } from "./object-source.ts";
import { describeObject } from "./problem.ts";
import { checkChange } from "./rules/check-rules.ts";

/**
 * One file as it counts, which may be other than how it stands: an object that cannot be taken keeps its last good
 * version, and what vanished is kept for a moment, because files are emptied, cut and replaced while they are written.
 */
export interface FileState {
  readonly text: string;
  /** Whether the file, when it last had content, ended with a line break. */
  readonly lineBreak: boolean;
  readonly file: ManifestFile;
  /** The objects that the file defines, with those that are kept. */
  readonly claims: ReadonlyMap<ObjectKey, Claim>;
  readonly holds: ReadonlyMap<ObjectKey, Hold>;
  /** A text that looks half written and is taken as it is when nothing follows. */
  readonly waiting?: { readonly text: string; readonly until: number };
  readonly problems: readonly SourceProblem[];
}

/** The time, and how patient to be. */
export interface Timing {
  readonly now: number;
  /** How long vanished objects and half written files are waited for, in milliseconds. */
  readonly grace: number;
}

/** Takes in the text that a file has now; undefined when the file is gone. */
export function nextFileState(path: string, previous: FileState | undefined, change: FileChange): FileState {
  const { text, now, grace } = change;
  const latest = previous?.waiting?.text ?? previous?.text;
  if (previous !== undefined && text !== undefined && latest === text) return previous;
  if (previous !== undefined && text !== undefined && looksHalfWritten(path, previous, text)) {
    return { ...previous, waiting: { text, until: now + grace } };
  }
  return applied(path, previous, change);
}

/** A text of a file, and when it was seen. */
export interface FileChange extends Timing {
  readonly text: string | undefined;
}

/** Lets go of what has been kept long enough. The same state when there is nothing to let go of. */
export function expiredFileState(path: string, state: FileState, timing: Timing): FileState {
  const { waiting } = state;
  if (waiting !== undefined && waiting.until <= timing.now) {
    const { waiting: _, ...rest } = state;
    return applied(path, rest, { ...timing, text: waiting.text });
  }
  const over = [...state.holds].filter(([, { until }]) => until !== undefined && until <= timing.now);
  if (over.length === 0) return state;
  const claims = new Map(state.claims);
  const holds = new Map(state.holds);
  for (const [key] of over) {
    claims.delete(key);
    holds.delete(key);
  }
  return { ...state, claims, holds };
}

/** When {@link expiredFileState} has something to do next. */
export function deadlineOf(state: FileState): number | undefined {
  let earliest = state.waiting?.until;
  for (const { until } of state.holds.values()) {
    if (until !== undefined && (earliest === undefined || until < earliest)) earliest = until;
  }
  return earliest;
}

interface Hold {
  /** When the object is let go; without it, it is kept for as long as its cause is in the file. */
  readonly until?: number;
  /** An object of an unknown kind that came in its place, perhaps by a slip of the pen. */
  readonly stranger?: string;
}

function applied(path: string, previous: FileState | undefined, { text, now, grace }: FileChange): FileState {
  const file = text === undefined ? emptyManifestFile : readManifestFile(path, text, previous?.file);
  const { claims, problems } = accepted(path, previous, file);
  const holds = new Map<ObjectKey, Hold>();
  for (const [key, claim] of previous?.claims ?? []) {
    if (claims.has(key)) continue;
    if (file.broken.has(key) || file.unclear) {
      claims.set(key, { ...claim, held: false });
      continue;
    }
    const hold = holdFor(key, { previous, file, until: now + grace });
    if (hold.until !== undefined && hold.until <= now) continue;
    holds.set(key, hold);
    claims.set(key, { ...claim, held: true });
  }
  const lineBreak = text === undefined || text.trim() === "" ? previous?.lineBreak === true : text.endsWith("\n");
  return { text: text ?? "", lineBreak, file, claims, holds, problems: [...file.problems, ...problems] };
}

/** The objects of a file whose change is allowed; the others stay as they are. */
function accepted(path: string, previous: FileState | undefined, file: ManifestFile) {
  const claims = new Map<ObjectKey, Claim>();
  const problems: SourceProblem[] = [];
  for (const { entry, document } of file.entries) {
    const before = previous?.claims.get(entry.key)?.entry;
    const faults = before === undefined || before === entry ? [] : checkChange(entry.kind, entry.object, before.object);
    claims.set(entry.key, { entry: before !== undefined && faults.length > 0 ? before : entry, document, held: false });
    const { namespace, name } = entry.object.metadata;
    const object = describeObject(entry.kind, namespace, name);
    problems.push(
      ...faults.map(({ path: place, message }) => ({ file: path, document, path: place, object, message })),
    );
  }
  return { claims, problems };
}

function holdFor(
  key: ObjectKey,
  {
    previous,
    file,
    until,
  }: { readonly previous: FileState | undefined; readonly file: ManifestFile; readonly until: number },
): Hold {
  const before = previous?.holds.get(key);
  if (before?.stranger !== undefined && file.strangers.has(before.stranger)) return before;
  if (before?.until !== undefined) return before;
  const name = key.slice(key.indexOf("/") + 1);
  const place = name.includes("/") ? name : `default/${name}`;
  for (const [stranger, where] of file.strangers) {
    if (where === place && previous?.file.strangers.has(stranger) !== true) return { stranger };
  }
  return { until };
}

/** A YAML file that used to end with a line break and now does not is most likely still being written. */
function looksHalfWritten(path: string, previous: FileState, text: string): boolean {
  if (path.toLowerCase().endsWith(".json") || previous.claims.size === 0) return false;
  return previous.lineBreak && text.trim() !== "" && !text.endsWith("\n");
}
