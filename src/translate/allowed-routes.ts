/**
 * From which namespaces routes may attach to a listener, and ListenerSets to a Gateway.
 * https://gateway-api.sigs.k8s.io/reference/spec/#routenamespaces
 */
import type { Transform } from "../collection/collection.ts";
import { assertNever } from "../core/assert-never.ts";
import type { AllowedRoutes } from "../core/gateway-api.ts";
import type { LabelSelector, LabelSelectorRequirement, Namespace } from "../core/kubernetes.ts";

/** The labels of a namespace, all that anybody asks of it. */
export type NamespaceLabels = Readonly<Record<string, string>>;

/** Narrows a Namespace to its labels. Keyed by its name. */
export const namespaceLabels: Transform<Namespace, NamespaceLabels> = (_read, key, { metadata }) => [
  [key, metadata.labels ?? {}],
];

/**
 * Whether an object of `otherNamespace` may attach to one of `ownNamespace`. `otherLabels` are the labels of that other
 * namespace, undefined where it does not exist: no selector matches that one.
 */
export function namespaceAllowed(
  allowed: AllowedRoutes["namespaces"],
  ownNamespace: string,
  otherNamespace: string,
  otherLabels: NamespaceLabels | undefined,
): boolean {
  switch (allowed.from) {
    case "All":
      return true;
    case "Same":
      return ownNamespace === otherNamespace;
    case "None":
      return false;
    case "Selector":
      return (
        allowed.selector !== undefined && otherLabels !== undefined && selectorMatches(allowed.selector, otherLabels)
      );
    default:
      return assertNever(allowed.from);
  }
}

/** Whether labels satisfy every requirement of a selector; an empty selector matches everything. */
export function selectorMatches(selector: LabelSelector, labels: NamespaceLabels): boolean {
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labelOf(labels, key) === value) &&
    (selector.matchExpressions ?? []).every((requirement) => requirementMatches(requirement, labels))
  );
}

/** As in Kubernetes, NotIn also holds where the label is absent. */
function requirementMatches(requirement: LabelSelectorRequirement, labels: NamespaceLabels): boolean {
  const value = labelOf(labels, requirement.key);
  const values = requirement.values ?? [];
  switch (requirement.operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return assertNever(requirement.operator);
  }
}

/** Own properties only: a label may be called `constructor`. */
function labelOf(labels: NamespaceLabels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
