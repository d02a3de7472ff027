import { writeFileSync } from "node:fs";
import { type Kind, kinds } from "../src/core/keys.ts";
import { supportedFeatures } from "../src/translate/supported-features.ts";
import type { JsonSchema } from "../src/watch/schemas/json-schema.ts";
import { schemas } from "../src/watch/schemas/schema-table.ts";
import { featureGoldens } from "../test/golden/feature-goldens.ts";
import { expand, type FieldTable, type Support } from "./field-support/field-support.ts";
import { gatewayClassFields, gatewayFields, listenerSetFields } from "./field-support/gateway-fields.ts";
import {
  backendTlsPolicyFields,
  configMapFields,
  endpointSliceFields,
  referenceGrantFields,
  secretFields,
  serviceFields,
} from "./field-support/other-fields.ts";
import {
  grpcRouteFields,
  httpRouteFields,
  tcpRouteFields,
  tlsRouteFields,
  udpRouteFields,
} from "./field-support/route-fields.ts";

/** The kinds that people and Kubernetes write, with what becomes of each field. Our own kinds have pages of their own. */
export const supportedFields = {
  GatewayClass: gatewayClassFields,
  Gateway: gatewayFields,
  ListenerSet: listenerSetFields,
  HTTPRoute: httpRouteFields,
  GRPCRoute: grpcRouteFields,
  TLSRoute: tlsRouteFields,
  TCPRoute: tcpRouteFields,
  UDPRoute: udpRouteFields,
  BackendTLSPolicy: backendTlsPolicyFields,
  ReferenceGrant: referenceGrantFields,
  Service: serviceFields,
  EndpointSlice: endpointSliceFields,
  Secret: secretFields,
  ConfigMap: configMapFields,
} as const satisfies Partial<Record<Kind, FieldTable>>;

export type DescribedKind = keyof typeof supportedFields;

/** Every field of a kind's schema that holds a value, as a path: `spec.rules[].matches[].path.type`. */
export function schemaFields(kind: Kind): readonly string[] {
  return fieldsOf(schemas[kind], "");
}

function fieldsOf({ items, properties }: JsonSchema, path: string): readonly string[] {
  if (items !== undefined) return fieldsOf(items, `${path}[]`);
  const members = Object.entries(properties ?? {});
  if (members.length === 0) return [path];
  return members.flatMap(([name, schema]) => fieldsOf(schema, path === "" ? name : `${path}.${name}`));
}

/** Writes docs/supported-fields.md. */
export function supportedFieldsPage(): string {
  const described = Object.keys(supportedFields) as readonly DescribedKind[]; // the keys of that very table
  return [
    ...introduction,
    ...described.flatMap(kindSection),
    ...featureSection(),
    "## Out of scope",
    "",
    "Mesh: a route whose parentRef names a Service is left alone there. Nothing is served for it and nothing is written about it, also",
    "when another parentRef of the same route names a Gateway of ours.",
    "",
  ].join("\n");
}

const introduction = [
  "# Supported fields",
  "",
  "Every field of every kind, and what becomes of it. Made from the schemas and from `scripts/field-support/` by",
  "`node scripts/supported-fields-page.ts`; a test fails when a field is missing here, or gone. GatewayParameters have",
  "[a page of their own](parameters.md), and so have HostnameClaims, HostnameRecords and NamespaceBudgets ([ownership](ownership.md)).",
  "",
  "- **served**: as the specification says",
  "- **partly**: some values are, and the others are refused with the condition that is named",
  "- **refused**: read, and answered with the condition that is named",
  "- **ignored**: read, and makes no difference",
  "",
  "What is in no schema here is refused where objects are read from files, and dropped by the API server in a cluster.",
  "",
];

const marks: Readonly<Record<Support, string>> = {
  served: "served",
  partly: "partly",
  refused: "refused",
  ignored: "ignored",
};

function kindSection(kind: DescribedKind): readonly string[] {
  const { group, versions } = kinds[kind];
  const rows = Object.entries(supportedFields[kind]).map(
    ([name, { support, becomes }]) => `| ${fieldNames(name)} | ${marks[support]} | ${becomes} |`,
  );
  return [
    `## ${kind}`,
    "",
    `\`${group === "" ? "" : `${group}/`}${versions.join("`, `")}\``,
    "",
    "| field | | becomes |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ];
}

function fieldNames(name: string): string {
  return expand(name)
    .map((each) => `\`${each}\``)
    .join("<br>");
}

function featureSection(): readonly string[] {
  const rows = supportedFeatures({ kind: "cluster" }).map((feature) => {
    const goldens = featureGoldens[feature] ?? [];
    const links = goldens.map((golden) => `[${golden}](../test/golden/${golden}.yaml)`);
    return `| ${feature} | ${links.join("<br>")} |`;
  });
  return [
    "## Features",
    "",
    "What a GatewayClass tells of in `status.supportedFeatures`, and golden cases that show it: manifests, the answers of a real",
    "Envoy to requests, and all statuses.",
    "",
    "| feature | golden cases |",
    "| --- | --- |",
    ...rows,
    "",
  ];
}

if (import.meta.main) writeFileSync(new URL("../docs/supported-fields.md", import.meta.url), supportedFieldsPage());
