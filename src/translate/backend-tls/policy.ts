/** BackendTLSPolicies. https://gateway-api.sigs.k8s.io/reference/spec/#backendtlspolicy */
import type { Collection, Reader, Transform } from "../../collection/collection.ts";
import type { Rejection } from "../../core/conditions.ts";
import type { BackendTlsPolicy, ObjectReference } from "../../core/gateway-api.ts";
import { type NamespacedName, nameOf, namespacedName, objectKey } from "../../core/keys.ts";
import { type BudgetInputs, budgetRejection } from "../budget/budgets.ts";
import type { CaBundleState } from "../ca-bundle.ts";
import { readCertificateNames } from "./certificate-names.ts";
import { readMinimumVersion } from "./options.ts";
import type { TlsSettings, TrustedAuthorities } from "./upstream-tls.ts";

/** One policy with everything that was decided about it alone. */
export interface PolicyNode {
  readonly key: NamespacedName;
  readonly generation: number;
  /** RFC 3339; of two policies for one target the older wins. */
  readonly createdAt: string;
  readonly targets: readonly PolicyTarget[];
  /** Of the targetRefs, those that can be no target. */
  readonly strangers: readonly string[];
  /** Absent where it cannot be kept: then nothing is sent to its targets. */
  readonly settings?: TlsSettings;
  readonly rejections: readonly Rejection[];
}

/** A Service, or one port of it. */
export interface PolicyTarget {
  readonly service: NamespacedName;
  /** The name of a port. */
  readonly port?: string;
}

/** By ConfigMap. */
type CaBundleStates = Collection<CaBundleState>;

export interface PolicyInputs {
  readonly caBundleStates: CaBundleStates;
  readonly budgets: BudgetInputs;
}

/** Reads one policy. What it refers to is in its own namespace. */
export function readPolicy({ caBundleStates, budgets }: PolicyInputs): Transform<BackendTlsPolicy, PolicyNode> {
  return (read, _key, policy) => {
    const { metadata, spec } = policy;
    const key = nameOf(metadata);
    const { hostname } = spec.validation;
    const authorities = readAuthorities(read, caBundleStates, policy);
    const names = readCertificateNames(spec.validation);
    const version = readMinimumVersion(spec.options);
    const { namespace = "" } = metadata;
    const beyond = budgetRejection(read, budgets, { object: objectKey("BackendTLSPolicy", key), namespace });
    const parts = [authorities, names, version].flatMap((part) => part.rejections);
    const rejections = beyond === undefined ? parts : [beyond, ...parts];
    const usable = { authorities: authorities.value, names: names.value, minimumVersion: version.value };
    const node: PolicyNode = {
      ...{ key, generation: metadata.generation, createdAt: metadata.creationTimestamp, rejections },
      ...readTargets(policy),
      ...(beyond === undefined && isWhole(usable) && { settings: { hostname, ...usable } }),
    };
    return [[key, node]];
  };
}

/** A part of a policy, and what is wrong with it: a value may be there all the same. */
export interface PolicyPart<T> {
  readonly value?: T | undefined;
  readonly rejections: readonly Rejection[];
}

type Wanted = Omit<TlsSettings, "hostname">;

function isWhole(parts: { readonly [K in keyof Wanted]: Wanted[K] | undefined }): parts is Wanted {
  return Object.values(parts).every((value) => value !== undefined);
}

function readTargets({ metadata, spec }: BackendTlsPolicy): Pick<PolicyNode, "targets" | "strangers"> {
  const isService = ({ group, kind }: ObjectReference) => group === "" && kind === "Service";
  const targets = spec.targetRefs.filter(isService).map(({ name, sectionName }) => ({
    service: namespacedName(metadata.namespace, name),
    ...(sectionName !== undefined && sectionName !== "" && { port: sectionName }),
  }));
  const strangers = spec.targetRefs
    .filter((ref) => !isService(ref))
    .map(({ group, kind, name }) => `${group === "" ? kind : `${kind}.${group}`} ${name}`);
  return { targets, strangers };
}

function readAuthorities(
  read: Reader,
  states: CaBundleStates,
  { metadata, spec: { validation } }: BackendTlsPolicy,
): PolicyPart<TrustedAuthorities> {
  const { caCertificateRefs: refs = [], wellKnownCACertificates: wellKnown = "" } = validation;
  if (refs.length > 0 && wellKnown !== "") {
    return { rejections: [invalid("caCertificateRefs and wellKnownCACertificates exclude each other")] };
  }
  if (refs.length === 0) return readWellKnown(wellKnown);
  const results = refs.map((ref) => resolveAuthority(read, states, metadata.namespace, ref));
  const found = results.flatMap((result) => (typeof result === "string" ? [result] : []));
  const rejections = results.flatMap((result) => (typeof result === "string" ? [] : [result]));
  if (found.length === 0)
    return { rejections: [...rejections, noAuthority("No reference in caCertificateRefs is valid")] };
  return { value: { kind: "configMaps", names: [...new Set(found)].sort() }, rejections };
}

function readWellKnown(wellKnown: string): PolicyPart<TrustedAuthorities> {
  switch (wellKnown) {
    case "System":
      return { value: { kind: "system" }, rejections: [] };
    case "":
      return { rejections: [noAuthority("The policy names no authority that backends could be trusted by")] };
    default:
      return { rejections: [invalid(`wellKnownCACertificates ${wellKnown} is not known: only System is`)] };
  }
}

function resolveAuthority(
  read: Reader,
  states: CaBundleStates,
  namespace: string | undefined,
  { group, kind, name }: ObjectReference,
): NamespacedName | Rejection {
  if (group !== "" || kind !== "ConfigMap") {
    const given = group === "" ? kind : `${kind}.${group}`;
    return unresolved("InvalidKind", `${given} ${name}: authorities are read from ConfigMaps only`);
  }
  const configMap = namespacedName(namespace, name);
  const state = read.get(states, configMap);
  if (state === undefined) return unresolved("InvalidCACertificateRef", `ConfigMap ${configMap} does not exist`);
  if (state.kind === "invalid") {
    return unresolved("InvalidCACertificateRef", `ConfigMap ${configMap} ${state.message}`);
  }
  return configMap;
}

function unresolved(reason: string, message: string): Rejection {
  return { condition: "ResolvedRefs", reason, message };
}

function noAuthority(message: string): Rejection {
  return { condition: "Accepted", reason: "NoValidCACertificate", message };
}

function invalid(message: string): Rejection {
  return { condition: "Accepted", reason: "Invalid", message };
}
