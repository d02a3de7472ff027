/** What Gatehouse makes of the fields of each kind: the data of docs/supported-fields.md. */

/** How far a field is served. */
export type Support = "served" | "partly" | "refused" | "ignored";

/** One row of the page. */
export interface FieldSupport {
  readonly support: Support;
  /** What of Envoy it becomes, or which condition tells of it; where it is served partly, which part. */
  readonly becomes: string;
}

/**
 * By field. A name in braces stands for several: `ref.{group,kind}` is `ref.group` and `ref.kind`. Every field of the kind's
 * schema is named by exactly one of them, and each names fields that are there: a test holds that.
 */
export type FieldTable = Readonly<Record<string, FieldSupport>>;

/** A field that is served. */
export function served(becomes: string): FieldSupport {
  return { support: "served", becomes };
}

/** A field of which a part is served. */
export function partly(becomes: string): FieldSupport {
  return { support: "partly", becomes };
}

/** A field of which every value, or all but the default, is refused. */
export function refused(becomes: string): FieldSupport {
  return { support: "refused", becomes };
}

/** A field that makes no difference. */
export function ignored(becomes: string): FieldSupport {
  return { support: "ignored", becomes };
}

/** The fields that an entry names. */
export function expand(name: string): readonly string[] {
  const [, before = "", names, after = ""] = /^(.*?)\{([^}]*)\}(.*)$/.exec(name) ?? [];
  return names === undefined ? [name] : names.split(",").flatMap((each) => expand(`${before}${each}${after}`));
}

/** Puts fields below another one. */
export function below(prefix: string, table: FieldTable): FieldTable {
  return Object.fromEntries(Object.entries(table).map(([name, support]) => [`${prefix}${name}`, support]));
}
