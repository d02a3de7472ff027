import type { BackendTlsPolicy, SubjectAltName } from "../../core/gateway-api.ts";
import { type RuleCheck, rulesFor } from "./rule.ts";
import { sectionReferences } from "./section-references.ts";

const targetRefs = sectionReferences("target", { allOrNone: "04db233212a7", distinct: "ae7c04b5d4cc" });

const validation: readonly RuleCheck<BackendTlsPolicy["spec"]["validation"]>[] = [
  {
    name: "authorities are named or well known, not both",
    cel: "65c1b111f96f",
    check: ({ caCertificateRefs = [], wellKnownCACertificates = "" }) =>
      caCertificateRefs.length > 0 && wellKnownCACertificates !== ""
        ? "must not have both caCertificateRefs and wellKnownCACertificates"
        : undefined,
  },
  {
    name: "authorities are named or well known",
    cel: "b34e39dbd535",
    check: ({ caCertificateRefs = [], wellKnownCACertificates = "" }) =>
      caCertificateRefs.length === 0 && wellKnownCACertificates === ""
        ? "must have caCertificateRefs or wellKnownCACertificates"
        : undefined,
  },
];

const subjectAltName: readonly RuleCheck<SubjectAltName>[] = (
  [
    { type: "Hostname", field: "hostname", required: "9f2f8a205c20", without: "b8b9b47523e5" },
    { type: "URI", field: "uri", required: "6f0bb440cd43", without: "3aadac4250cc" },
  ] as const
).flatMap(({ type, field, required, without }): readonly RuleCheck<SubjectAltName>[] => [
  {
    name: `a name of the type ${type} has ${field}`,
    cel: required,
    check: (name) =>
      name.type === type && (name[field] ?? "") === "" ? `must have ${field} when its type is ${type}` : undefined,
  },
  {
    name: `${field} stands only in a name of the type ${type}`,
    cel: without,
    check: (name) =>
      name.type !== type && (name[field] ?? "") !== ""
        ? `must not have ${field} when its type is ${name.type}`
        : undefined,
  },
]);

/** How the fields of a BackendTLSPolicy fit together. */
export const backendTlsPolicyRules = [
  ...rulesFor("BackendTLSPolicy", ["spec.targetRefs"], targetRefs),
  ...rulesFor("BackendTLSPolicy", ["spec.validation"], validation),
  ...rulesFor("BackendTLSPolicy", ["spec.validation.subjectAltNames[]"], subjectAltName),
];
