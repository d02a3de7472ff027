import { canonicalQuantity } from "./quantity.ts";

/**
 * What an object has of the fields that we want, in a form in which equal means the same to Kubernetes: fields that
 * others set or that the API server has defaults for are not there, lists that are maps are in our order, and empty is
 * absent. Compare the fields of what is observed with those of what is wanted, `ownFields(wanted, wanted)`.
 */
export function ownFields(wanted: unknown, actual: unknown, field = ""): unknown {
  if (Array.isArray(wanted)) return Array.isArray(actual) ? ownElements(wanted, actual, field) : undefined;
  if (isRecord(wanted)) {
    const record = isRecord(actual) ? actual : {};
    const inner = (name: string) => (field === "requests" || field === "limits" ? "quantity" : name);
    const fields = Object.entries(wanted).map(
      ([name, value]) => [name, ownFields(value, record[name], inner(name))] as const,
    );
    const present = fields.filter(([, value]) => value !== undefined);
    return present.length === 0 ? undefined : new Map(present);
  }
  if (actual === "") return undefined;
  return field === "quantity" ? canonicalQuantity(actual) : actual;
}

/**
 * JSON pointers of the elements that others have put into those lists that are maps, the last of a list first, so that
 * they can be removed one by one.
 */
export function foreignElements(wanted: unknown, actual: unknown, pointer = "", field = ""): readonly string[] {
  if (Array.isArray(wanted) && Array.isArray(actual)) {
    const keys = listKeys.get(field);
    if (keys === undefined || field === "ownerReferences") return [];
    const foreign = actual.flatMap((element, index) =>
      wanted.some((one) => sameKeys(one, element, keys)) ? [] : [`${pointer}/${index}`],
    );
    const inner = actual.flatMap((element, index) => {
      const one = wanted.find((candidate) => sameKeys(candidate, element, keys));
      return one === undefined ? [] : foreignElements(one, element, `${pointer}/${index}`);
    });
    return [...inner, ...foreign.toReversed()];
  }
  if (!isRecord(wanted) || !isRecord(actual)) return [];
  return Object.entries(wanted).flatMap(([name, value]) =>
    foreignElements(value, actual[name], `${pointer}/${escapePointer(name)}`, name),
  );
}

/** The lists of our objects that Kubernetes treats as maps, with their keys; every other list is one value. */
const listKeys: ReadonlyMap<string, readonly string[]> = new Map([
  ["containers", ["name"]],
  ["volumes", ["name"]],
  ["env", ["name"]],
  ["volumeMounts", ["mountPath"]],
  ["ports", ["port", "containerPort", "protocol"]],
  ["topologySpreadConstraints", ["topologyKey", "whenUnsatisfiable"]],
  ["ownerReferences", ["uid"]],
]);

function ownElements(wanted: readonly unknown[], actual: readonly unknown[], field: string): unknown {
  const keys = listKeys.get(field);
  if (keys === undefined) {
    if (actual.length !== wanted.length) return actual;
    return wanted.length === 0 ? undefined : wanted.map((one, index) => ownFields(one, actual[index]));
  }
  return wanted.map((one) =>
    ownFields(
      one,
      actual.find((element) => sameKeys(one, element, keys)),
    ),
  );
}

function sameKeys(wanted: unknown, actual: unknown, keys: readonly string[]): boolean {
  if (!isRecord(wanted) || !isRecord(actual)) return false;
  return keys.every((key) => wanted[key] === actual[key]);
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
