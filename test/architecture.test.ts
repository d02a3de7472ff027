import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What the files of one folder (or one file) may import besides their own folder and Node's modules. */
interface Rule {
  readonly place: string;
  readonly ours: readonly string[];
  readonly packages: readonly string[];
}

const foundation = ["src/core", "src/collection"];
const configuration = ["src/settings.ts", "src/config.ts", "src/controller-config.ts"];
const edges = [...foundation, ...configuration, "src/metrics.ts", "src/logger.ts"];
const siblings = [
  "src/watch",
  "src/translate",
  "src/xds",
  "src/status",
  "src/admin",
  "src/provision",
  "src/identity",
  "src/peers",
  "src/claims",
  "src/quarantine",
  "src/admission",
  "src/ledger",
];

// The longest place that holds a file decides. docs/architecture.md draws the same arrows.
const rules: readonly Rule[] = [
  { place: "src/core", ours: [], packages: [] },
  { place: "src/collection", ours: [], packages: [] },
  { place: "src/translate", ours: foundation, packages: ["re2js", "tldts"] },
  { place: "src/translate/envoy", ours: [...foundation, "src/translate", "proto"], packages: ["re2js"] },
  { place: "src/watch", ours: edges, packages: ["yaml", "ajv"] },
  { place: "src/watch/kube-api.ts", ours: [...edges, "src/watch"], packages: ["@kubernetes/client-node"] },
  { place: "src/xds", ours: [...edges, "proto"], packages: ["@grpc/grpc-js"] },
  { place: "src/status", ours: edges, packages: [] },
  { place: "src/admin", ours: edges, packages: ["fastify"] },
  { place: "src/provision", ours: edges, packages: [] },
  { place: "src/identity", ours: edges, packages: ["@peculiar/x509", "reflect-metadata"] },
  { place: "src/peers", ours: edges, packages: ["@grpc/grpc-js"] },
  { place: "src/claims", ours: edges, packages: [] },
  { place: "src/quarantine", ours: edges, packages: [] },
  { place: "src/admission", ours: edges, packages: ["fastify"] },
  { place: "src/ledger", ours: edges, packages: [] },
  { place: "src/agent", ours: edges, packages: ["fastify"] },
  { place: "src/settings.ts", ours: ["src/core"], packages: [] },
  { place: "src/config.ts", ours: ["src/core", "src/settings.ts"], packages: [] },
  { place: "src/controller-config.ts", ours: ["src/core", "src/settings.ts"], packages: [] },
  { place: "src/metrics.ts", ours: ["src/core"], packages: ["prom-client"] },
  { place: "src/logger.ts", ours: ["src/core"], packages: ["pino"] },
  { place: "src/version.ts", ours: [], packages: [] },
  { place: "src/memory.ts", ours: [], packages: [] },
  { place: "src/early-stop.ts", ours: [], packages: [] },
  { place: "src/app.ts", ours: [...edges, ...siblings, "src/app", "src/version.ts", "proto"], packages: [] },
  { place: "src/app", ours: [...edges, ...siblings, "src/version.ts", "proto"], packages: [] },
  {
    place: "src/cli",
    ours: [
      "src/app.ts",
      "src/agent",
      ...configuration,
      "src/logger.ts",
      "src/memory.ts",
      "src/early-stop.ts",
      "src/version.ts",
      "src/core",
    ],
    packages: ["commander", "yaml"],
  },
  { place: "src/main.ts", ours: ["src/version.ts", "src/early-stop.ts", "src/cli"], packages: ["commander"] },
  { place: "proto", ours: [], packages: ["protobufjs"] },
];

const pureFolders = ["src/translate", "src/collection"];
const pureNodeModules = ["node:buffer", "node:crypto"];
const impure =
  /\bprocess\.|\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bperformance\.|\bset(?:Timeout|Interval|Immediate)\b|\brandom(?:UUID|Bytes|Int)\b|\bgetRandomValues\b|\bconsole\.|\bfetch\(/;
const anyType = /(?::|\bas|\bsatisfies|<|\||&|=>)\s*any\b(?!\s*[.(])|,\s*any\s*>/;
const maximumLines = 400;

describe("the source files", () => {
  const files = [...listFiles("src"), ...listFiles("proto")];

  it("are found", () => {
    expect(files.map((file) => file.path)).toEqual(expect.arrayContaining(["src/core/keys.ts", "proto/messages.ts"]));
  });

  it("keep the rules of the architecture", () => {
    expect(files.flatMap(findViolations)).toEqual([]);
  });
});

describe("findViolations", () => {
  it.each([
    ["a sibling", "src/xds/a.ts", 'import { b } from "../watch/b.ts";', "src/xds/a.ts imports src/watch/b.ts"],
    [
      "a sibling's type, over several lines",
      "src/status/a.ts",
      'import type {\n  B,\n} from "../translate/b.ts";',
      "src/status/a.ts imports src/translate/b.ts",
    ],
    ["a re-export", "src/admin/a.ts", 'export { b } from "../xds/b.ts";', "src/admin/a.ts imports src/xds/b.ts"],
    ["a dynamic import", "src/watch/a.ts", 'await import("../xds/b.ts");', "src/watch/a.ts imports src/xds/b.ts"],
    ["an import for its effect", "src/core/a.ts", 'import "../collection/b.ts";', "imports src/collection/b.ts"],
    ["core by collection", "src/collection/a.ts", 'import { b } from "../core/b.ts";', "imports src/core/b.ts"],
    ["the wiring by a sibling", "src/xds/a.ts", 'import { b } from "../app.ts";', "imports src/app.ts"],
    ["a sibling by a verb", "src/cli/a.ts", 'import { b } from "../translate/b.ts";', "imports src/translate/b.ts"],
    ["a sibling by main", "src/main.ts", 'import { b } from "./xds/b.ts";', "src/main.ts imports src/xds/b.ts"],
    ["metrics by translate", "src/translate/a.ts", 'import { b } from "../metrics.ts";', "imports src/metrics.ts"],
    [
      "messages outside the printers",
      "src/translate/a.ts",
      'import { b } from "../../proto/b.ts";',
      "imports proto/b.ts",
    ],
    ["our code by proto", "proto/a.ts", 'import { b } from "../src/core/b.ts";', "proto/a.ts imports src/core/b.ts"],
    ["a test's support", "src/core/a.ts", 'import { b } from "../../test/b.ts";', "imports test/b.ts"],
    ["a package", "src/xds/a.ts", 'import protobuf from "protobufjs";', "imports protobufjs"],
    [
      "a package's file",
      "src/watch/a.ts",
      'import x from "@kubernetes/client-node/dist/x.js";',
      "@kubernetes/client-node",
    ],
    [
      "a package of a neighbour",
      "src/watch/kube-api.ts",
      'import ajv from "ajv";',
      "src/watch/kube-api.ts imports ajv",
    ],
    ["require", "src/xds/a.ts", 'const x = require("fastify");', "src/xds/a.ts imports fastify"],
    ["the file system in a transform", "src/translate/a.ts", 'import fs from "node:fs";', "imports node:fs"],
    ["a folder without a rule", "src/elsewhere/a.ts", "", "src/elsewhere/a.ts has no rule"],
    ["the clock", "src/translate/a.ts", "const now = Date.now();", "is not pure: Date.now"],
    ["today's date", "src/translate/a.ts", "const now = new Date();", "is not pure: new Date"],
    ["chance", "src/collection/a.ts", "const x = Math.random();", "is not pure: Math.random"],
    ["the environment", "src/translate/envoy/a.ts", 'process.env["X"];', "is not pure: process."],
    ["any as a type", "src/core/a.ts", "const a: any = 1;", "src/core/a.ts uses any"],
    ["any as a cast", "src/core/a.ts", "const a = b as any;", "src/core/a.ts uses any"],
    ["any as an argument", "src/core/a.ts", "type A = Map<string, any>;", "src/core/a.ts uses any"],
    ["a file too long", "src/core/a.ts", "\n".repeat(maximumLines), "src/core/a.ts has 401 lines"],
  ])("finds %s", (_name, path, text, want) => {
    expect(findViolations({ path, text })).toEqual([expect.stringContaining(want)]);
  });

  it.each([
    ["a neighbour", "src/xds/a.ts", 'import { b } from "./b.ts";'],
    ["core by a sibling", "src/xds/a.ts", 'import type { B } from "../core/b.ts";'],
    ["a printer by its pipeline", "src/translate/a.ts", 'import { b } from "./envoy/b.ts";'],
    ["messages in a printer", "src/translate/envoy/a.ts", 'import { b } from "../../../proto/b.ts";'],
    ["siblings by the wiring", "src/app.ts", 'import { b } from "./xds/b.ts";\nimport { c } from "./watch/c.ts";'],
    ["an import in a comment", "src/core/a.ts", '// import { b } from "../xds/b.ts";\n/* Date.now() */'],
    ["an address in a string", "src/translate/a.ts", 'const url = "https://example.com/Date.now()";'],
    ["the clock at an edge", "src/xds/a.ts", "const now = Date.now();"],
    ["a hash in a transform", "src/translate/a.ts", 'import { createHash } from "node:crypto";'],
    ["a string that says from", "src/core/a.ts", 'const required = ["from", "to"];'],
    ["any as a name", "src/core/a.ts", "const x = (any: string) => any.length;"],
  ])("allows %s", (_name, path, text) => {
    expect(findViolations({ path, text })).toEqual([]);
  });
});

function findViolations(file: SourceFile): readonly string[] {
  const rule = findRule(file.path);
  if (rule === undefined) return [`${file.path} has no rule`];
  const code = file.text.replaceAll(stringsAndComments, (_match, string: string | undefined) => string ?? " ");
  const bare = code.replaceAll(stringsAndComments, '""');
  const violations = findImports(code)
    .filter((specifier) => !isAllowed(file.path, rule, specifier))
    .map((specifier) => `${file.path} imports ${resolveImport(file.path, specifier)}`);
  const impurity = isIn(file.path, pureFolders) ? impure.exec(bare)?.[0] : undefined;
  if (impurity !== undefined) violations.push(`${file.path} is not pure: ${impurity}`);
  if (anyType.test(bare)) violations.push(`${file.path} uses any`);
  const lines = file.text.split("\n").length;
  if (lines > maximumLines) violations.push(`${file.path} has ${lines} lines, more than ${maximumLines}`);
  return violations;
}

function findRule(path: string): Rule | undefined {
  return rules.filter((rule) => isIn(path, [rule.place])).toSorted((a, b) => b.place.length - a.place.length)[0];
}

// A string is kept, in the group; a comment is not.
const stringsAndComments = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
const importForms =
  /(?<!["'\w])from\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']|\brequire\(\s*["']([^"']+)["']/g;

function findImports(code: string): readonly string[] {
  return [...code.matchAll(importForms)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function isAllowed(path: string, rule: Rule, specifier: string): boolean {
  const target = resolveImport(path, specifier);
  if (specifier.startsWith(".")) return isIn(target, [rule.place, ...rule.ours]);
  if (specifier.startsWith("node:")) return !isIn(path, pureFolders) || pureNodeModules.includes(specifier);
  return rule.packages.includes(target);
}

/** A path from the repository's root for a file of ours; the name of the package for anything else. */
function resolveImport(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

function listFiles(folder: string): readonly SourceFile[] {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith("proto/gen/"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}
