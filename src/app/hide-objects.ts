import type { ObjectName } from "../core/explanation.ts";
import { hiddenText } from "../core/hidden-object.ts";
import { kindNames, kinds, namespacedName, type ObjectKey, objectKey } from "../core/keys.ts";

/**
 * Every object of a namespace that an answer names, once each: as fields, written `Kind/namespace/name`, or a Gateway as
 * `namespace/name` in a field of that name.
 */
export function namedObjects(answer: unknown): readonly ObjectName[] {
  const found = new Map<string, ObjectName>();
  visit(answer, (object) => void found.set(idOf(object), object));
  return [...found.values()];
}

/** What is shown of an {@link ObjectKey} that the reader may not see. */
export function hiddenKey(key: ObjectKey): ObjectKey {
  const kind = kindNames.find((each) => key.startsWith(`${each}/`)) ?? "HTTPRoute";
  return objectKey(kind, namespacedName(hiddenText, ""));
}

/** The object that an {@link ObjectKey} names; undefined for other texts, and for what lives in no namespace. */
export function parseKey(text: string): ObjectName | undefined {
  const [kind = "", namespace = "", name = "", ...rest] = text.split("/");
  const known = kindNames.find((each) => each === kind);
  if (known === undefined || kinds[known].scope === "Cluster" || rest.length > 0) return undefined;
  return namePart.test(namespace) && namePart.test(name) ? { kind, namespace, name } : undefined;
}

/** Entries without those of others that tell what another one has told: how many of a kind others have is their secret. */
export function tellOnce<T>(entries: readonly T[], isHidden: (entry: T) => boolean): readonly T[] {
  const told = new Set<string>();
  return entries.filter((entry) => {
    if (!isHidden(entry)) return true;
    const text = JSON.stringify(entry);
    return !told.has(text) && told.add(text).size > 0;
  });
}

const namePart = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;

/**
 * Looks once more at what was redacted: a text goes as a whole where it tells of an object that the whole answer names and
 * the redacted one does not.
 */
export function hideLeftovers<T>(redacted: T, whole: unknown): T {
  const shown = namedObjects(redacted);
  const isShown = new Set(shown.map(idOf));
  const hidden = namedObjects(whole).filter((object) => !isShown.has(idOf(object)));
  if (hidden.length === 0) return redacted;
  const pairs = new Set(hidden.map(({ namespace, name }) => `${namespace}/${name}`));
  const words = new Set(hidden.flatMap(({ namespace, name }) => [namespace, name]));
  for (const { namespace, name } of shown) for (const word of [namespace, name]) words.delete(word);
  const isTelling = (field: string, text: string): boolean =>
    (text.match(pairPattern) ?? []).some((pair) => pairs.has(pair)) ||
    (writtenFields.has(field) && (text.match(wordPattern) ?? []).some((word) => words.has(word)));
  // Only texts are replaced, by texts: the shape stays.
  return mapTexts(redacted, "", (field, text) => (isTelling(field, text) ? hiddenText : text)) as T;
}

/** Fields that hold sentences about an object; others are spelled by their owner or by us, and name nobody else. */
const writtenFields: ReadonlySet<string> = new Set(["message", "refusals", "partiallyInvalid", "problem"]);
const wordPattern = /[a-z0-9]([-.a-z0-9]*[a-z0-9])?/g;
const pairPattern = /[a-z0-9][-a-z0-9]*\/[a-z0-9]([-.a-z0-9]*[a-z0-9])?/g;

function objectIn(value: unknown): readonly ObjectName[] {
  const object = typeof value === "string" ? parseKey(value) : asObjectName(value);
  return object === undefined ? [] : [object];
}

function asObjectName(value: unknown): ObjectName | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { kind, namespace, name } = value as { readonly [field: string]: unknown };
  if (typeof kind !== "string" || typeof namespace !== "string" || typeof name !== "string") return undefined;
  return { kind, namespace, name };
}

function visit(value: unknown, tell: (object: ObjectName) => void): void {
  for (const object of objectIn(value)) tell(object);
  if (typeof value !== "object" || value === null) return;
  for (const [field, each] of Object.entries(value)) {
    const gateway = field === "gateway" && typeof each === "string" ? parseKey(`Gateway/${each}`) : undefined;
    if (gateway === undefined) visit(each, tell);
    else tell(gateway);
  }
}

function mapTexts(value: unknown, field: string, change: (field: string, text: string) => string): unknown {
  if (typeof value === "string") return change(field, value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, field, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, name, change)]));
}

function idOf({ kind, namespace, name }: ObjectName): string {
  return `${kind}/${namespace}/${name}`;
}
