/**
 * Makes proto/gen from the .proto trees that npm installed: `descriptor.json`, which proto/messages.ts loads at run time,
 * and `types.ts`, which lets the compiler check every message that we write.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";
import { protoRoots } from "../proto/roots.ts";
import { printMessageTypes } from "./proto-types.ts";

type Json = Record<string, unknown>;

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
const outputFolder = join(repository, "proto/gen");
const require = createRequire(import.meta.url);
const installed = dirname(require.resolve("@grpc/grpc-js-xds/package.json"));
const importRoots = [
  join(repository, "proto"),
  ...["envoy-api", "xds", "googleapis", "protoc-gen-validate"].map((tree) => join(installed, "deps", tree)),
  // Only for google/protobuf/descriptor.proto, which annotations extend; nothing of it is kept.
  dirname(require.resolve("protobufjs/package.json")),
];

// Descriptions of descriptions: needed to parse the files, never to encode a message.
const droppedNamespaces = new Set(["udpa.annotations", "xds.annotations", "envoy.annotations", "validate"]);
// What changes the bytes of a field; every other option is documentation or validation.
const keptOptions = new Set(["packed", "proto3_optional", "default", "features", "json_name"]);

function main(): void {
  const full = loadProtoFiles();
  const descriptor = prune(asJson(full.toJSON()), [], droppedTypes());
  const text = `${JSON.stringify(descriptor)}\n`;
  const started = performance.now();
  // A JSON descriptor as protobufjs itself wrote it, less what prune took out.
  const pruned = protobuf.Root.fromJSON(JSON.parse(text) as protobuf.INamespace);
  const loadMs = performance.now() - started;
  const fields = compareEncodings(full, pruned);
  writeOutput("descriptor.json", text);
  const types = printMessageTypes(pruned);
  writeOutput("types.ts", types.text);
  console.log(
    `proto/gen: ${full.files.length} files, ${types.messages} messages, ${types.enums} enums, ${fields} fields; ` +
      `descriptor.json ${Math.round(text.length / 1024)} KiB, loads in ${Math.round(loadMs)} ms`,
  );
}

function loadProtoFiles(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (origin, target) => {
    if (isAbsolute(target)) return target;
    const found = importRoots.map((folder) => join(folder, target)).find((path) => existsSync(path));
    if (found === undefined)
      throw new Error(`${target} (imported by ${origin || "proto/roots.ts"}) is in no import root`);
    return found;
  };
  root.loadSync([...protoRoots]);
  root.resolveAll();
  return root;
}

function droppedTypes(): ReadonlySet<string> {
  const text = readFileSync(require.resolve("protobufjs/google/protobuf/descriptor.proto"), "utf8");
  const namespace = protobuf.parse(text).root.lookup("google.protobuf");
  if (!(namespace instanceof protobuf.Namespace)) throw new Error("bug: descriptor.proto holds no google.protobuf");
  return new Set(namespace.nestedArray.map((type) => `google.protobuf.${type.name}`));
}

/** Removes dropped namespaces and types, extensions, services and options from one JSON descriptor node. */
function prune(node: Json, path: readonly string[], dropped: ReadonlySet<string>): Json {
  const out: Json = {};
  for (const [name, value] of Object.entries(node)) {
    if (name === "reserved" || name === "comment" || name === "comments" || name === "extensions") continue;
    if (name === "options") {
      const kept = Object.entries(asJson(value)).filter(([option]) => keptOptions.has(option));
      if (kept.length > 0) out["options"] = Object.fromEntries(kept);
    } else if (name === "fields") {
      out["fields"] = mapValues(asJson(value), (field) => prune(field, path, dropped));
    } else if (name === "nested") {
      out["nested"] = pruneNested(asJson(value), path, dropped);
    } else if (name !== "valuesOptions") {
      out[name] = value;
    }
  }
  return out;
}

function pruneNested(nested: Json, path: readonly string[], dropped: ReadonlySet<string>): Json {
  const out: Json = {};
  for (const [name, child] of Object.entries(nested)) {
    const node = asJson(child);
    const fullName = [...path, name].join(".");
    if (droppedNamespaces.has(fullName) || dropped.has(fullName)) continue;
    if ("extend" in node || "methods" in node) continue;
    const kept = prune(node, [...path, name], dropped);
    const isEmptyNamespace = !("fields" in kept) && !("values" in kept) && isEmpty(asJson(kept["nested"] ?? {}));
    if (!isEmptyNamespace) out[name] = kept;
  }
  return out;
}

/** Fails unless every field that was kept is encoded as the .proto files say; returns how many were compared. */
function compareEncodings(full: protobuf.Root, pruned: protobuf.Root): number {
  let compared = 0;
  for (const type of allTypes(pruned)) {
    const original = full.lookupType(type.fullName);
    if (describeFields(original) !== describeFields(type)) throw new Error(`bug: ${type.fullName} changed when pruned`);
    compared += type.fieldsArray.length;
  }
  return compared;
}

function describeFields(type: protobuf.Type): string {
  return type.fieldsArray
    .map((field) => field.resolve())
    .map((field) => [
      field.name,
      field.id,
      field.type,
      field.rule,
      field.map,
      field.packed,
      field.hasPresence,
      field.partOf?.name,
    ])
    .join("\n");
}

function* allTypes(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type) yield child;
    if (child instanceof protobuf.Namespace) yield* allTypes(child);
  }
}

function writeOutput(name: string, text: string): void {
  mkdirSync(outputFolder, { recursive: true });
  const temporary = join(outputFolder, `.${name}.${process.pid}`);
  writeFileSync(temporary, text);
  renameSync(temporary, join(outputFolder, name));
}

function asJson(value: unknown): Json {
  if (typeof value !== "object" || value === null) throw new Error("bug: a descriptor node is not an object");
  // The shape of protobufjs' toJSON output is not typed; every access below tests what it finds.
  return value as Json;
}

function mapValues(object: Json, change: (value: Json) => Json): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(asJson(value))]));
}

function isEmpty(object: Json): boolean {
  return Object.keys(object).length === 0;
}

main();
