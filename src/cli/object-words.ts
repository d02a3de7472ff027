import { type ObjectKey, parseObjectKey } from "../core/keys.ts";

/** Names an object for people: `HTTPRoute shop/cart`. */
export function objectWords(key: ObjectKey): string {
  const { kind, name } = parseObjectKey(key);
  return `${kind} ${name}`;
}
