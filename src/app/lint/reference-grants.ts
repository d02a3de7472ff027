import type { HttpRouteFilter, HttpRouteRule, ReferenceGrant } from "../../core/gateway-api.ts";
import { type Kind, kinds, parseNamespacedName } from "../../core/keys.ts";
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

const referrers: ReadonlySet<Kind> = new Set(["Gateway", "ListenerSet", "HTTPRoute"]);

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
  const routes = objectsOfKind(objects, "HTTPRoute").flatMap(({ object }) => {
    const from = sourceOf("HTTPRoute", object.metadata.namespace);
    return object.spec.rules.flatMap(backendsOf).map(
      ({ group, kind, namespace = from.namespace, name }): CrossReference => ({
        from,
        to: { group, kind, namespace, name },
      }),
    );
  });
  return [...listeners, ...routes].filter(({ from, to }) => from.namespace !== to.namespace);
}

function sourceOf(kind: Kind, namespace = ""): CrossReference["from"] {
  return { group: kinds[kind].group, kind, namespace };
}

function backendsOf({ backendRefs = [], filters = [] }: HttpRouteRule) {
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
