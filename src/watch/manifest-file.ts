import { kinds, type ObjectKey } from "../core/keys.ts";
import { type ManifestObject, type ReadObject, readObject } from "./manifest-object.ts";
import type { SourceProblem } from "./object-source.ts";
import type { Fault } from "./schema-validator.ts";
import { readDocuments, splitDocuments, type TextPart, type YamlDocument } from "./yaml-documents.ts";
import { isMapping, type PlainValue } from "./yaml-value.ts";

/** What one file holds. */
export interface ManifestFile {
  readonly entries: readonly FileEntry[];
  /** Objects that are in the file and cannot be taken. */
  readonly broken: ReadonlySet<ObjectKey>;
  /** Whether something in the file cannot be told to be this or that object. */
  readonly unclear: boolean;
  /** Objects of other kinds, as `Kind namespace/name`, with their `namespace/name`. */
  readonly strangers: ReadonlyMap<string, string>;
  readonly problems: readonly SourceProblem[];
  /** Objects by the text of their document, for the next reading of the file. */
  readonly byText: ReadonlyMap<string, ManifestObject>;
}

/** A file without content. */
export const emptyManifestFile: ManifestFile = {
  entries: [],
  broken: new Set(),
  unclear: false,
  strangers: new Map(),
  problems: [],
  byText: new Map(),
};

/** An object and the document of its file that it is written in. */
export interface FileEntry {
  readonly entry: ManifestObject;
  readonly document: number;
}

/** Reads a file. Documents whose text stands in `previous` are not read again: their objects stay the same values. */
export function readManifestFile(file: string, text: string, previous?: ManifestFile): ManifestFile {
  const found = new Findings(file);
  for (const part of splitDocuments(text)) {
    const known = previous?.byText.get(part.text);
    if (known === undefined) readPart(found, part);
    else found.add({ entry: known, document: part.number }, part.text);
  }
  return found.finish();
}

function readPart(found: Findings, part: TextPart): void {
  const documents = readDocuments(part);
  const [only, ...others] = documents;
  const single = only !== undefined && others.length === 0;
  for (const document of documents) {
    const objects = objectsOf(document);
    for (const [suffix, object] of objects) {
      found.note(object, {
        document: document.number,
        suffix,
        text: single && objects.length === 1 ? part.text : undefined,
      });
    }
  }
}

/** The objects of a document with the path at which each stands: lists, as kubectl prints them, are taken apart. */
function objectsOf(document: YamlDocument): readonly (readonly [string, ReadObject])[] {
  if (document.kind === "refused") {
    const fault = { path: document.path ?? "", message: document.message };
    return [["", { kind: "broken", faults: [fault] }]];
  }
  const items = listItems(document.value);
  if (items === undefined) return [["", readObject(document.value)]];
  return items.map((item, index) => [`items[${index}]`, readObject(item)]);
}

function listItems(value: PlainValue): readonly PlainValue[] | undefined {
  if (!isMapping(value) || typeof value["kind"] !== "string" || !Array.isArray(value["items"])) return undefined;
  const kind = value["kind"];
  return kind === "List" || (kind.endsWith("List") && Object.hasOwn(kinds, kind.slice(0, -4)))
    ? value["items"]
    : undefined;
}

interface Place {
  readonly document: number;
  readonly suffix: string;
  /** The text of the document when this object is all that it holds. */
  readonly text: string | undefined;
}

/** Collects what a file holds while it is being read. */
class Findings {
  readonly #file: string;
  readonly #entries: FileEntry[] = [];
  readonly #taken = new Map<ObjectKey, number>();
  readonly #broken = new Set<ObjectKey>();
  readonly #strangers = new Map<string, string>();
  readonly #problems: SourceProblem[] = [];
  readonly #byText = new Map<string, ManifestObject>();
  #unclear = false;

  constructor(file: string) {
    this.#file = file;
  }

  note(read: ReadObject, place: Place): void {
    switch (read.kind) {
      case "object":
        // An object with notes is read again each time, so that its notes are told again.
        this.add({ entry: read.entry, document: place.document }, read.notes.length === 0 ? place.text : undefined);
        this.#tell(read.notes, place, read.description);
        return;
      case "broken":
        if (read.key === undefined) this.#unclear = true;
        else this.#broken.add(read.key);
        this.#tell(read.faults, place, read.description);
        return;
      case "stranger":
        this.#strangers.set(read.description, read.name);
        this.#tell(read.faults, place, read.description);
        return;
    }
  }

  add(found: FileEntry, text: string | undefined): void {
    const { entry, document } = found;
    const first = this.#taken.get(entry.key);
    if (first !== undefined) {
      const message = `is already in document ${first} of this file; this one is ignored`;
      this.#tell([{ path: "", message }], { document, suffix: "", text }, entry.key.replace("/", " "));
      return;
    }
    this.#taken.set(entry.key, document);
    this.#entries.push(found);
    if (text !== undefined) this.#byText.set(text, entry);
  }

  finish(): ManifestFile {
    for (const key of this.#taken.keys()) this.#broken.delete(key);
    return {
      entries: this.#entries,
      broken: this.#broken,
      unclear: this.#unclear,
      strangers: this.#strangers,
      problems: this.#problems,
      byText: this.#byText,
    };
  }

  #tell(faults: readonly Fault[], { document, suffix }: Place, object: string | undefined): void {
    for (const { path, message } of faults) {
      const joined = [suffix, path].filter((part) => part !== "").join(".");
      this.#problems.push({
        file: this.#file,
        document,
        ...(joined !== "" && { path: joined }),
        ...(object !== undefined && { object }),
        message,
      });
    }
  }
}
