import type { Kind } from "../core/keys.ts";
import { emptyMapping, isMapping, type PlainMapping, type PlainValue } from "./yaml-value.ts";

/**
 * Does what the API server does to core objects beyond their schemas' defaults: a Service's targetPort is its port, a
 * Secret's stringData becomes data, a Namespace has a label with its name. The object has passed its schema.
 */
export function applyCoreDefaults(kind: Kind, object: PlainMapping): PlainMapping {
  switch (kind) {
    case "Service":
      return withTargetPorts(object);
    case "Secret":
      return withStringData(object);
    case "ConfigMap":
      return withField(object, "binaryData", canonicalBase64(object["binaryData"]));
    case "Namespace":
      return withNameLabel(object);
    default:
      return object;
  }
}

/** The label by which a Namespace can be selected by its name. */
export const namespaceNameLabel = "kubernetes.io/metadata.name";

function withTargetPorts(service: PlainMapping): PlainMapping {
  const spec = service["spec"];
  if (!isMapping(spec) || !Array.isArray(spec["ports"])) return service;
  const ports = spec["ports"].map((port: PlainValue) =>
    isMapping(port) && port["targetPort"] === undefined ? withField(port, "targetPort", port["port"]) : port,
  );
  return withField(service, "spec", withField(spec, "ports", ports));
}

function withStringData(secret: PlainMapping): PlainMapping {
  const data = emptyMapping<PlainValue>();
  const encoded = canonicalBase64(secret["data"]);
  if (isMapping(encoded)) for (const [key, value] of Object.entries(encoded)) data[key] = value;
  const plain = secret["stringData"];
  if (isMapping(plain)) {
    for (const [key, value] of Object.entries(plain)) data[key] = Buffer.from(String(value)).toString("base64");
  }
  const given = encoded !== undefined || plain !== undefined;
  return withField(withField(secret, "stringData", undefined), "data", given ? data : undefined);
}

/** Line breaks within base64 are allowed, and do not count. */
function canonicalBase64(entries: PlainValue | undefined): PlainMapping | undefined {
  if (!isMapping(entries)) return undefined;
  const canonical = emptyMapping<PlainValue>();
  for (const [key, value] of Object.entries(entries)) canonical[key] = String(value).replace(/[\r\n]/g, "");
  return canonical;
}

function withNameLabel(namespace: PlainMapping): PlainMapping {
  const metadata = namespace["metadata"];
  if (!isMapping(metadata)) return namespace;
  const labels = isMapping(metadata["labels"]) ? metadata["labels"] : emptyMapping<PlainValue>();
  const labelled = withField(labels, namespaceNameLabel, metadata["name"]);
  return withField(namespace, "metadata", withField(metadata, "labels", labelled));
}

/** A copy without prototype with one field set, or left out. */
function withField(mapping: PlainMapping, field: string, value: PlainValue | undefined): PlainMapping {
  const copy = emptyMapping<PlainValue>();
  for (const key of Object.keys(mapping)) if (key !== field) copy[key] = mapping[key] ?? null;
  if (value !== undefined) copy[field] = value;
  return copy;
}
