import type { Kind, NamespacedName, ObjectByKind } from "../core/keys.ts";
import type { Holding, RecordKey } from "../core/ownership.ts";

/** Takes objects: what a source delivers to. */
export interface ObjectTaker {
  set<K extends Kind>(kind: K, name: NamespacedName, object: ObjectByKind[K]): void;
  delete(kind: Kind, name: NamespacedName): void;
}

/** The translation, as a keeper of claims sees it. */
export interface ClaimTarget extends ObjectTaker {
  /** Counts something as held; taking away the HostnameRecord of its name ends that. */
  hold(holding: Holding): void;
  /** Tells why something that is wanted could not be recorded; undefined when that is over. */
  setClaimProblem(key: RecordKey, problem: string | undefined): void;
}

/** A taker that hands HostnameRecords to somebody else, and everything else on. */
export function divertRecords(
  target: ObjectTaker,
  records: {
    readonly set: (name: NamespacedName, record: ObjectByKind["HostnameRecord"]) => void;
    readonly delete: (name: NamespacedName) => void;
  },
): ObjectTaker {
  return {
    set: (kind, name, object) => {
      if (object.kind === "HostnameRecord") records.set(name, object);
      else target.set(kind, name, object);
    },
    delete: (kind, name) => {
      if (kind === "HostnameRecord") records.delete(name);
      else target.delete(kind, name);
    },
  };
}

/** What a keeper of claims writes to a log. */
export type ClaimLog = (fields: object, message: string) => void;
