import fc from "fast-check";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import {
  type HeldPath,
  type Holding,
  type HostnameClaim,
  hostnameRecordKey,
  pathRecordKey,
} from "../../src/core/ownership.ts";
import { metadata } from "../support/gateway-objects.ts";
import type { Edit } from "./world.ts";

const namespaces = ["a", "b", "infra"] as const;
const hostnames = ["shop.example.com", "cart.example.com", "*.example.com", "*.shop.example.com", "a.b.test"] as const;
const listeners = ["Gateway/infra/shared-gateway/one", "Gateway/infra/shared-gateway/two", "ListenerSet/a/set/one"];

const held = fc.record({ namespace: fc.constantFrom(...namespaces), gone: fc.nat({ max: 4 }) });

/** A hostname, or a path of a shared one, that comes to belong to somebody or to nobody. */
export const holdingEdits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(fc.constantFrom(...hostnames), held).map(([hostname, by]) => {
    return holdingEdit({ key: hostnameRecordKey(hostname), hostname }, by);
  }),
  fc
    .tuple(
      fc.constantFrom("", ...hostnames),
      fc.record({
        listener: fc.constantFrom(...listeners),
        type: fc.constantFrom<HeldPath["type"]>("PathPrefix", "Exact", "RegularExpression"),
        value: fc.constantFrom("/", "/a", "/a/b"),
      }),
      held,
    )
    .map(([hostname, path, by]) => holdingEdit({ key: pathRecordKey(hostname, path), hostname, path }, by)),
);

/** What the platform grants. */
export const hostnameClaimEdits: fc.Arbitrary<Edit> = fc
  .record({
    key: fc.constantFrom("one", "two"),
    hostname: fc.constantFrom(...hostnames, "com"),
    subdomains: fc.boolean(),
    path: fc.constantFrom(undefined, undefined, "/a"),
    namespaces: fc.constantFrom<HostnameClaim["spec"]["namespaces"]>(
      { names: ["a"] },
      { names: ["b", "infra"] },
      { selector: { matchLabels: { shared: "true" } } },
    ),
    gone: fc.nat({ max: 4 }),
  })
  .map(({ key, gone, path, ...spec }): Edit => {
    const value: HostnameClaim = {
      apiVersion: "gatehouse.dev/v1alpha1",
      kind: "HostnameClaim",
      metadata: metadata(key),
      spec: { ...spec, ...(path === undefined ? {} : { path }) },
    };
    return { of: "HostnameClaim", key, value: gone === 0 ? undefined : value };
  });

function holdingEdit(
  what: Pick<Holding, "key" | "hostname" | "path">,
  { namespace, gone }: { readonly namespace: string; readonly gone: number },
): Edit {
  const object = objectKey("HTTPRoute", namespacedName(namespace, "one"));
  const value: Holding = { ...what, namespace, since: "2026-01-01T00:00:00Z", object };
  return { of: "holdings", key: what.key, value: gone === 0 ? undefined : value };
}
