import type { AnsweringRoute } from "../core/history.ts";
import { type Kind, type ObjectKey, parseObjectKey } from "../core/keys.ts";

/** An object that is new, another one, or (without a generation) gone. */
export interface ChangedObject {
  readonly object: ObjectKey;
  readonly generation?: number;
}

/** Kinds that never decide which route answers. */
const withoutSay: ReadonlySet<Kind> = new Set(["Service", "EndpointSlice", "ConfigMap"]);

const mostNamed = 3;

/** Says which objects another route answers for: the routes themselves if they changed, else whatever else did. */
export function describeCause(
  changed: readonly ChangedObject[],
  { from, to }: { readonly from?: AnsweringRoute | undefined; readonly to?: AnsweringRoute | undefined },
): string {
  const routes = changed.filter(({ object }) => object === from?.route || object === to?.route);
  const others = changed.filter(({ object }) => !withoutSay.has(parseObjectKey(object).kind));
  const named = (routes.length > 0 ? routes : others).map(describeObject);
  if (named.length === 0) return "the control plane decided anew";
  const more = named.length > mostNamed ? [`and ${named.length - mostNamed} more`] : [];
  return [...named.sort().slice(0, mostNamed), ...more].join(", ");
}

function describeObject({ object, generation }: ChangedObject): string {
  const { kind, name } = parseObjectKey(object);
  return `${kind} ${name} ${generation === undefined ? "is gone" : `generation ${generation} changed`}`;
}
