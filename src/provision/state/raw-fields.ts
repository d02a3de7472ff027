/** Reads fields of objects as the API server sent them: anything may be missing or of another type. */

/** The value at the end of the path; undefined where the path ends early. */
export function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  let inner = value;
  for (const name of path) {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, name)) return undefined;
    inner = Reflect.get(inner, name);
  }
  return inner;
}

/** A number at the end of the path; 0 where there is none, as the API server leaves zeros out. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const number = fieldAt(value, ...path);
  return typeof number === "number" ? number : 0;
}

/** A text at the end of the path; undefined for an empty one too. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const text = fieldAt(value, ...path);
  return typeof text === "string" && text !== "" ? text : undefined;
}

/** The elements of a list at the end of the path. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const list = fieldAt(value, ...path);
  return Array.isArray(list) ? list : [];
}
