import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { type Document, parseAllDocuments } from "yaml";
import type { AddressBlock } from "./address-block.ts";
import type { FolderSnapshot } from "./diff.ts";
import type { FileAction, GatewayName } from "./step.ts";

/** A file as some changes would leave it. */
export interface ProposedFile {
  /** Below the article's folder. */
  readonly path: string;
  /** As it is; absent while there is none. */
  readonly before?: string;
  readonly after: string;
}

export interface WorkspaceOptions {
  readonly examples: string;
  readonly block: AddressBlock;
  /** The folders of the examples that are wanted. */
  readonly folders: readonly string[];
  /** Files that a step adds later, by their path below the examples. */
  readonly later: readonly string[];
  /** Files that are left out for good. */
  readonly without: readonly string[];
}

/** A copy of the examples in a temporary folder, on addresses of its own, which the steps edit. */
export interface Workspace {
  readonly root: string;
  readonly manifests: string;
  /** Does what a step says, one write for each file. Throws when a file is not there. */
  apply(folder: string, actions: readonly FileAction[]): void;
  /** What the same would lead to, without doing it; files that would be removed are left out. */
  propose(folder: string, actions: readonly FileAction[]): readonly ProposedFile[];
  write(path: string, text: string): void;
  snapshot(folder: string): FolderSnapshot;
  /** The address that a Gateway of the examples asks for; undefined when its manifest was left out. */
  gatewayAddress(gateway: GatewayName): string | undefined;
  remove(): void;
}

/** Copies the examples into a new temporary folder. */
export function createWorkspace(options: WorkspaceOptions): Workspace {
  const root = mkdtempSync(join(tmpdir(), "gatehouse-demo-"));
  const [manifests, shelf, staged] = [join(root, "manifests"), join(root, "shelf"), join(root, "staged")];
  mkdirSync(staged);
  fillShelf(shelf, options);
  for (const folder of options.folders) cpSync(join(shelf, folder), join(manifests, folder), { recursive: true });
  for (const path of options.later) rmSync(join(manifests, path), { force: true });
  const write = (path: string, text: string): void => {
    // Renamed into place, so that nobody reads half a file.
    writeFileSync(join(staged, "manifest"), text);
    mkdirSync(dirname(join(manifests, path)), { recursive: true });
    renameSync(join(staged, "manifest"), join(manifests, path));
  };
  return {
    root,
    manifests,
    write,
    apply: (folder, actions) => {
      for (const [file, edits] of Map.groupBy(actions, (action) => action.file)) {
        const path = join(folder, file);
        const text = editedText({ manifests, shelf, path, edits });
        if (text === undefined) rmSync(join(manifests, path));
        else write(path, text);
      }
    },
    propose: (folder, actions) =>
      [...Map.groupBy(actions, ({ file }) => file)].flatMap(([path, edits]) => {
        const after = editedText({ manifests, shelf, path: join(folder, path), edits });
        const before = readIfThere(join(manifests, folder, path));
        return after === undefined ? [] : [{ path, after, ...(before !== undefined && { before }) }];
      }),
    snapshot: (folder) => readFolder(join(manifests, folder)),
    gatewayAddress: (gateway) => findAddress([...readFolder(shelf).values()], gateway),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The shelf holds every file as it is in the examples but on our addresses; steps add files from it. */
function fillShelf(shelf: string, { examples, block, folders, without }: WorkspaceOptions): void {
  for (const folder of folders) {
    for (const [path, text] of readFolder(join(examples, folder))) {
      if (without.includes(join(folder, path))) continue;
      mkdirSync(dirname(join(shelf, folder, path)), { recursive: true });
      writeFileSync(join(shelf, folder, path), block.placeAll(text));
    }
  }
}

interface FileEdit {
  readonly manifests: string;
  readonly shelf: string;
  readonly path: string;
  readonly edits: readonly FileAction[];
}

/** A file with all that is to be done to it; undefined where it is to be removed. */
function editedText({ manifests, shelf, path, edits }: FileEdit): string | undefined {
  if (edits.some(({ kind }) => kind === "remove")) return undefined;
  const from = edits.some(({ kind }) => kind === "add") ? shelf : manifests;
  const documents = parseDocuments(readFileSync(join(from, path), "utf8"));
  for (const edit of edits) if (edit.kind === "edit") editDocument(path, documents, edit);
  return documents.map((document) => document.toString({ lineWidth: 0 })).join("");
}

function editDocument(path: string, documents: readonly Document[], edit: FileAction & { kind: "edit" }): void {
  const isMeant = (document: Document): boolean =>
    edit.name === undefined || document.getIn(["metadata", "name"]) === edit.name;
  const document = documents.find(isMeant);
  if (document === undefined) throw new Error(`${path} holds no object ${edit.name ?? ""}`);
  if (edit.value === undefined) document.deleteIn(edit.path);
  else document.setIn(edit.path, document.createNode(edit.value));
}

function findAddress(texts: readonly string[], gateway: GatewayName): string | undefined {
  for (const document of texts.flatMap(parseDocuments)) {
    const name = `${document.getIn(["metadata", "namespace"])}/${document.getIn(["metadata", "name"])}`;
    if (document.get("kind") !== "Gateway" || name !== gateway) continue;
    return String(document.getIn(["spec", "addresses", 0, "value"]));
  }
  return undefined;
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function parseDocuments(text: string): readonly Document[] {
  // An empty stream is the only thing that is not an array, and it has no documents. kubectl reads `Off` as false, so it gets quotes.
  const documents = parseAllDocuments(text, { compat: "yaml-1.1" });
  return "empty" in documents ? [] : documents;
}

function readFolder(folder: string): FolderSnapshot {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(".yaml"));
  const paths = files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]));
}
