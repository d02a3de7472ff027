import { hash } from "node:crypto";
import { type Finding, type FindingKind, findingKinds } from "../core/finding.ts";
import { objectWords } from "./object-words.ts";

/** A log in SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export interface SarifLog {
  readonly $schema: string;
  readonly version: "2.1.0";
  readonly runs: readonly object[];
}

/** Writes findings as code scanners take them. What comes from a cluster is placed by its object alone. */
export function lintSarif(findings: readonly Finding[], version: string): SarifLog {
  const kinds = Object.entries<FindingKind>(findingKinds);
  const rules = kinds.map(([id, { name, severity, title, advice }]) => ({
    id,
    name,
    shortDescription: { text: `${title}.` },
    help: { text: `${advice}.` },
    defaultConfiguration: { level: severity },
  }));
  const driver = { name: "Gatehouse", semanticVersion: version, rules };
  const results = findings.map((finding) => ({
    ruleId: finding.code,
    ruleIndex: kinds.findIndex(([code]) => code === finding.code),
    level: finding.severity,
    message: { text: messageOf(finding) },
    locations: locationsOf(finding),
    // Lines move; a finding is the same while its object and its words are.
    partialFingerprints: {
      "gatehouse/v1": hash("sha256", JSON.stringify([finding.code, finding.object, finding.message])),
    },
  }));
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results }],
  };
}

function messageOf({ object, message, advice }: Finding): string {
  return `${object === undefined ? "" : `${objectWords(object)}: `}${message}. ${advice}.`;
}

function locationsOf({ object, place }: Finding): readonly object[] {
  if (object === undefined && place === undefined) return [];
  const physicalLocation = place && {
    artifactLocation: { uri: uriOf(place.file) },
    ...(place.line !== undefined && { region: { startLine: place.line } }),
  };
  return [
    {
      ...(physicalLocation && { physicalLocation }),
      ...(object !== undefined && { logicalLocations: [{ fullyQualifiedName: object, kind: "resource" }] }),
    },
  ];
}

/** A URI reference: relative paths stay relative, so that a scanner finds them in its checkout. */
function uriOf(file: string): string {
  const path = file.split("/").map(encodeURIComponent).join("/").replace(/^\.\//, "");
  return file.startsWith("/") ? `file://${path}` : path;
}
