import { assertNever } from "../../core/assert-never.ts";
import type {
  BackendObjectReference,
  Gateway,
  HttpRouteFilter,
  ObjectReference,
  ReferenceGrant,
  Route,
} from "../../core/gateway-api.ts";
import { type Kind, kinds, parseNamespacedName, type RouteKind, routeKinds } from "../../core/keys.ts";
import { namedSecrets } from "../world/named-secrets.ts";
import { objectsOfKind, type PlacedObject } from "../world/world.ts";
import type { LintRule } from "./lint-world.ts";

/** Finds grants that nothing makes use of. A grant to a kind of referrer that Gatehouse does not read is left alone. */
export const unusedGrants: LintRule = ({ objects }) => {
  const references = crossReferences(objects);
  return objectsOfKind(objects, "ReferenceGrant")
    .filter(({ object }) => object.spec.from.every(isKnown))
    .filter(({ object }) => !references.some((reference) => opens(object, reference)))
    .map(({ key, object }) => {
      const from = object.spec.from.map(({ kind, namespace }) => `${kind}s of ${namespace}`).join(", ");
      return { code: "GH0002", object: key, message: `nothing uses what it opens to ${from}` };
    });
};

/** A reference from an object of one namespace to one of another. */
interface CrossReference {
  readonly from: { readonly group: string; readonly kind: string; readonly namespace: string };
  readonly to: { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string };
}

const referrers: ReadonlySet<Kind> = new Set(["Gateway", "ListenerSet", ...routeKinds]);

function isKnown({ group, kind }: ReferenceGrant["spec"]["from"][number]): boolean {
  return [...referrers].some((known) => known === kind && kinds[known].group === group);
}

function crossReferences(objects: readonly PlacedObject[]): readonly CrossReference[] {
  const listeners = [...objectsOfKind(objects, "Gateway"), ...objectsOfKind(objects, "ListenerSet")].flatMap(
    ({ kind, object }) =>
      namedSecrets(object).flatMap(({ secrets }) =>
        secrets.map((secret): CrossReference => {
          const { namespace = "", name } = parseNamespacedName(secret);
          return {
            from: sourceOf(kind, object.metadata.namespace),
            to: { group: "", kind: "Secret", namespace, name },
          };
        }),
      ),
  );
  const gateways = objectsOfKind(objects, "Gateway").flatMap(({ object }) => ofGatewayTls(object));
  const routes = routeKinds.flatMap((kind) => ofRoutes(objects, kind));
  return [...listeners, ...gateways, ...routes].filter(({ from, to }) => from.namespace !== to.namespace);
}

/** The authorities of a Gateway's clients. */
function ofGatewayTls({ metadata, spec }: Gateway): readonly CrossReference[] {
  const frontend = spec.tls?.frontend;
  const validations = [frontend?.default, ...(frontend?.perPort ?? []).map(({ tls }) => tls)];
  const from = sourceOf("Gateway", metadata.namespace);
  return validations
    .flatMap((config) => config?.validation?.caCertificateRefs ?? [])
    .map((ref) => referenceTo(from, ref));
}

function ofRoutes(objects: readonly PlacedObject[], kind: RouteKind): readonly CrossReference[] {
  return objectsOfKind(objects, kind).flatMap(({ object }) => {
    const from = sourceOf(kind, object.metadata.namespace);
    return backendsOf(object).map((ref) => referenceTo(from, ref));
  });
}

function referenceTo(
  from: CrossReference["from"],
  { group, kind, namespace = from.namespace, name }: Pick<ObjectReference, "group" | "kind" | "namespace" | "name">,
): CrossReference {
  return { from, to: { group, kind, namespace, name } };
}

function sourceOf(kind: Kind, namespace = ""): CrossReference["from"] {
  return { group: kinds[kind].group, kind, namespace };
}

function backendsOf(route: Route): readonly BackendObjectReference[] {
  switch (route.kind) {
    case "HTTPRoute":
      return route.spec.rules.flatMap(backendsOfRule);
    case "GRPCRoute":
      return (route.spec.rules ?? []).flatMap(backendsOfRule);
    case "TLSRoute":
    case "TCPRoute":
    case "UDPRoute":
      return route.spec.rules.flatMap(({ backendRefs }) => backendRefs);
    default:
      return assertNever(route);
  }
}

interface RuleWithFilters {
  readonly filters?: readonly HttpRouteFilter[];
  readonly backendRefs?: readonly (BackendObjectReference & { readonly filters?: readonly HttpRouteFilter[] })[];
}

function backendsOfRule({ backendRefs = [], filters = [] }: RuleWithFilters): readonly BackendObjectReference[] {
  const mirrors = (list: readonly HttpRouteFilter[]) =>
    list.flatMap((filter) => (filter.type === "RequestMirror" ? [filter.requestMirror.backendRef] : []));
  return [...backendRefs, ...mirrors(filters), ...backendRefs.flatMap((ref) => mirrors(ref.filters ?? []))];
}

function opens({ metadata, spec }: ReferenceGrant, { from, to }: CrossReference): boolean {
  return (
    metadata.namespace === to.namespace &&
    spec.from.some(
      ({ group, kind, namespace }) => group === from.group && kind === from.kind && namespace === from.namespace,
    ) &&
    spec.to.some(({ group, kind, name }) => group === to.group && kind === to.kind && (name || to.name) === to.name)
  );
}
