import { kinds } from "../../src/core/keys.ts";
import { type ResourceKind, resourcePath } from "../../src/core/kube-client.ts";

/** A collection of the fake API server, whatever version it is asked for in. */
export interface FakeResource {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** The version in which tests are shown the objects. */
  readonly version: string;
}

/** What the path of a request names. */
export interface ParsedPath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

const table: readonly FakeResource[] = [
  ...Object.entries(kinds).map(
    ([
      kind,
      {
        group,
        plural,
        versions: [version],
      },
    ]) => ({ group, plural, version, kind }),
  ),
  { group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount" },
  { group: "", version: "v1", plural: "pods", kind: "Pod" },
  { group: "", version: "v1", plural: "nodes", kind: "Node" },
  { group: "", version: "v1", plural: "resourcequotas", kind: "ResourceQuota" },
  { group: "events.k8s.io", version: "v1", plural: "events", kind: "Event" },
  { group: "apps", version: "v1", plural: "deployments", kind: "Deployment" },
  { group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget" },
  { group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers", kind: "HorizontalPodAutoscaler" },
  { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" },
  {
    group: "apiextensions.k8s.io",
    version: "v1",
    plural: "customresourcedefinitions",
    kind: "CustomResourceDefinition",
  },
];

/** Groups that are served for as long as a CustomResourceDefinition says so. */
export const crdGroups: ReadonlySet<string> = new Set(["gateway.networking.k8s.io", "gatehouse.dev"]);

/** Kinds that have a CustomResourceDefinition. */
export const crdResources: readonly FakeResource[] = table.filter(({ group }) => crdGroups.has(group));

const builtinWithoutGeneration = new Set(["", "events.k8s.io", "coordination.k8s.io", "autoscaling"]);

/** Whether the API server counts generations of such objects. */
export function countsGenerations({ group }: FakeResource): boolean {
  return !builtinWithoutGeneration.has(group);
}

/** Whether a PUT without a resourceVersion is refused, as for custom resources and Leases. */
export function needsResourceVersion({ group }: FakeResource): boolean {
  return group === "coordination.k8s.io" || crdGroups.has(group);
}

/** Finds a collection by the kind (`HTTPRoute`), the plural, or the path of the collection. */
export function findResource(named: string): FakeResource {
  const parsed = named.startsWith("/") ? parseResourcePath(named) : undefined;
  if (parsed !== undefined) return resourceOf(parsed);
  const known = table.find(({ kind, plural }) => kind === named || plural === named);
  if (known === undefined) throw new Error(`the fake API server knows no ${named}: name its path`);
  return known;
}

/** Collections are told apart by identity: those that are not in the table are remembered. */
const strangers = new Map<string, FakeResource>();

/** The collection that a path belongs to; unknown ones are taken as they come. */
export function resourceOf({ group, plural, version }: ResourceKind): FakeResource {
  const known = table.find((each) => each.group === group && each.plural === plural);
  if (known !== undefined) return known;
  const id = `${group}/${plural}`;
  const kind = plural.charAt(0).toUpperCase() + plural.slice(1).replace(/s$/, "");
  const stranger = strangers.get(id) ?? { group, plural, version, kind };
  strangers.set(id, stranger);
  return stranger;
}

/** Reads `/api/v1/…` and `/apis/<group>/<version>/…`; undefined for anything else. */
export function parseResourcePath(path: string): ParsedPath | undefined {
  const parts = path.split("/").slice(1).map(decodeURIComponent);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return undefined;
  const group = core ? "" : (parts[1] ?? "");
  const version = parts[core ? 1 : 2];
  const rest = parts.slice(core ? 2 : 3);
  const inNamespace = rest[0] === "namespaces" && rest.length > 2 && !(rest.length === 3 && rest[2] === "status");
  const namespace = inNamespace ? rest[1] : undefined;
  const [plural, name, subresource] = inNamespace ? rest.slice(2) : rest;
  if (version === undefined || plural === undefined || plural === "") return undefined;
  return {
    group,
    version,
    plural,
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(subresource !== undefined && { subresource }),
  };
}

/** The path of a whole collection, in the version in which tests are shown it. */
export function pathOf(named: string): string {
  return resourcePath(findResource(named));
}
