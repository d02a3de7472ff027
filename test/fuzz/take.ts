import { type Kind, type NamespacedName, nameOf, namespacedName, type ObjectByKind } from "../../src/core/keys.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { acceptObject } from "../../src/watch/accepted-object.ts";
import { readManifestFile } from "../../src/watch/manifest-file.ts";
import { readObject } from "../../src/watch/manifest-object.ts";
import { type PlainValue, plainCopy } from "../../src/watch/yaml-value.ts";
import type { WrittenObject } from "./random-object.ts";

/** An object that was taken. */
export interface TakenObject {
  readonly kind: Kind;
  readonly name: NamespacedName;
  readonly object: ObjectByKind[Kind];
}

/** Reads an object as from a file: undefined when it is refused, with at least one reason. */
export function takeWritten(written: WrittenObject): TakenObject | undefined {
  const read = readObject(plainCopy(written) as PlainValue); // JSON
  switch (read.kind) {
    case "object":
      return read.entry;
    case "broken":
    case "stranger":
      if (read.faults.length === 0) throw new Error(`refused without a word: ${JSON.stringify(written)}`);
      return undefined;
  }
}

/** Takes an object as from an API server, whose schemas may be others than ours; undefined when it is refused, with a reason. */
export function takeServed(written: WrittenObject): TakenObject | undefined {
  const accepted = acceptObject(written.kind, plainCopy(written) as RawObject); // JSON
  if (accepted.kind === "object") {
    const { object } = accepted;
    const { namespace, name } = object.metadata;
    // An API server has seen to it that each object has a name.
    return name === "" ? undefined : { kind: written.kind, name: namespacedName(namespace, name), object };
  }
  if (accepted.faults.length === 0) throw new Error(`refused without a word: ${JSON.stringify(written)}`);
  return undefined;
}

/** Which documents of a file of these objects neither came to an object nor to a problem: none, or something is lost. */
export function lostDocuments(written: readonly WrittenObject[]): readonly number[] {
  const text = written.map((object) => JSON.stringify(object)).join("\n---\n");
  const { entries, problems } = readManifestFile("fuzz.yaml", text);
  const told = new Set([...entries.map(({ document }) => document), ...problems.map(({ document }) => document)]);
  return written.map((_, index) => index + 1).filter((document) => !told.has(document));
}

/** The key of an object that is taken. */
export function keyOf({ kind, object }: TakenObject): string {
  return `${kind}/${nameOf(object.metadata)}`;
}
