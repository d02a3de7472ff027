import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { translateManifests } from "../../src/app.ts";
import type { StatusUpdate } from "../../src/core/conditions.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { listFiles, pages, repository } from "./pages.ts";

/** YAML that a page shows, and where. */
interface Shown {
  readonly where: string;
  readonly text: string;
}

const shown: readonly Shown[] = pages.flatMap(({ path, blocks }) =>
  blocks
    .filter(({ language }) => ["yaml", "yml", "json"].includes(language))
    .map(({ line, text }) => ({ where: `${path}:${line}`, text })),
);
const manifests = shown.filter(({ text }) => /^apiVersion: /m.test(text));
const fragments = shown.filter(({ text }) => !/^apiVersion: /m.test(text) && !text.startsWith("# values.yaml\n"));
const options = {
  controllerName: "gatehouse.dev/gateway-controller",
  placement: { kind: "standalone", bindAddresses: ["0.0.0.0"] },
} as const;

describe("the manifests of the pages", () => {
  it("are found", () => {
    expect(manifests.length).toBeGreaterThan(7);
    expect(fragments.length).toBeGreaterThan(1);
  });

  it.each(manifests)("$where would be taken by the API server", ({ text }) => {
    const { objects, problems } = readManifests([{ path: "page.yaml", text }]);
    expect(problems).toEqual([]);
    // Namespaces that nobody declares are there all the same.
    const declared = parseAllDocuments(text).map((document) => document.get("kind"));
    expect(objects.map(({ kind }) => kind).filter((kind) => kind !== "Namespace")).toEqual(
      expect.arrayContaining(declared.filter((kind) => kind !== "Namespace")),
    );
  });

  it.each(fragments)("$where would be taken in the object that it belongs to", ({ text }) => {
    const { problems } = readManifests([{ path: "page.yaml", text: completed(text) }]);
    expect(problems).toEqual([]);
  });

  it.each(manifests)("$where is accepted by Gatehouse", ({ where, text }) => {
    const [page = ""] = where.split(":");
    // What one block refers to, another one of its page may bring.
    const others = manifests.filter((each) => each.where !== where && each.where.startsWith(`${page}:`));
    const told = conditionsOf(text, [...others.map((each) => each.text), ...classesFor(text)]);
    expect(told.filter((line) => /\b(Accepted|SupportedVersion)=False/.test(line))).toEqual([]);
  });

  it("would be refused with a field that there is not", () => {
    const [{ text } = { text: "" }] = manifests;
    const { problems } = readManifests([{ path: "page.yaml", text: text.replace(/^spec:$/m, "spec:\n  nothing: 1") }]);
    expect(problems).toMatchObject([{ path: "spec.nothing" }]);
  });
});

describe("the manifests to apply", () => {
  it.each([
    { place: "deploy/envoy/manifests/", routes: 2 },
    { place: "deploy/kubernetes/example.yaml", routes: 1 },
  ])("$place serves $routes routes, and nothing is amiss", ({ place, routes }) => {
    const files = listFiles().filter((path) => path.startsWith(place));
    const told = conditionsOf(files.map(read).join("\n---\n"), place.endsWith("/") ? [] : [chartClass]);
    const amiss = told.filter((line) => !/=True |Conflicted=False NoConflicts|Programmed=False Pending/.test(line));
    expect(amiss).toEqual([]);
    expect(told.filter((line) => /^HTTPRoute\/.* Accepted=True/.test(line))).toHaveLength(routes);
  });
});

const chartClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatehouse }
spec: { controllerName: ${options.controllerName} }
`;

function read(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}

/** A whole object around a piece of one. */
function completed(text: string): string {
  const [field = ""] = Object.keys(Object(parse(text)));
  const around: Readonly<Record<string, unknown>> = {
    rules: { kind: "HTTPRoute", spec: { parentRefs: [{ name: "shared" }] } },
    listeners: { kind: "Gateway", spec: { gatewayClassName: "shared" } },
  };
  const object = around[field] as { readonly kind: string; readonly spec: object } | undefined; // as above
  if (object === undefined) throw new Error(`what is ${JSON.stringify(field)} a piece of?`);
  const spec = { ...object.spec, ...parse(text) };
  return stringify({ apiVersion: "gateway.networking.k8s.io/v1", metadata: { name: "piece" }, ...object, spec });
}

/** A class for each GatewayParameters of a namespace of classes, since those that nobody refers to are not judged. */
function classesFor(text: string): readonly string[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as { readonly kind: string; readonly metadata: Record<string, string> }) // as read
    .filter(({ kind, metadata }) => kind === "GatewayParameters" && metadata["namespace"] === "gatehouse-system")
    .map(({ metadata }) =>
      stringify({
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "GatewayClass",
        metadata: { name: `of-${metadata["name"]}` },
        spec: {
          controllerName: options.controllerName,
          parametersRef: { group: "gatehouse.dev", kind: "GatewayParameters", ...metadata },
        },
      }),
    );
}

/** Everything that the objects are told, a line each. */
function conditionsOf(text: string, others: readonly string[]): readonly string[] {
  const files = [text, ...others].map((each, index) => ({ path: `${index}.yaml`, text: each }));
  // Other examples of a page may have an object of the same name: the first counts.
  return translateManifests(files, options).statuses.flatMap(linesOf);
}

function linesOf(update: StatusUpdate): readonly string[] {
  const found: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { type, status, reason, message } = value as Readonly<Record<string, unknown>>; // of any shape
    if (typeof type === "string" && typeof status === "string") {
      found.push(`${update.object} ${type}=${status} ${String(reason)}: ${String(message)}`);
    } else for (const child of Object.values(value)) visit(child);
  };
  visit(update);
  return found;
}
