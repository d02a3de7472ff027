import type { Access } from "../admin/api/access.ts";
import { accountNamespace, type Caller } from "../admin/api/caller.ts";
import type { ObjectName } from "../core/explanation.ts";
import { type Kind, kindNames, kinds } from "../core/keys.ts";
import type { Sees } from "./redact-explanation.ts";

/** Of more namespaces than that, and of more single objects, the rest is hidden: each may cost a review. */
export const mostNamespaces = 50;
export const mostNames = 50;
/** Reviews under way at once for one question. */
const atOnce = 10;

/** What a caller may see, and how many reviews it has taken at most. */
export interface Visibility {
  readonly sees: Sees;
  readonly reviews: number;
}

/**
 * Finds out which of the objects a caller may get: by a right to all of the kind, to those of the namespace, or to the
 * object itself, asked in this order.
 */
export async function visibleAmong(
  access: Pick<Access, "may">,
  caller: Caller,
  objects: readonly ObjectName[],
): Promise<Visibility> {
  const known = objects.flatMap((object) => placeOf(object));
  const wide = await keepAllowed(unique(known.map(({ kind }) => ({ id: kind, kind }))), ({ kind }) =>
    access.may(caller, { verb: "get", kind }),
  );
  const asked = nearestNamespaces(
    known.filter(({ kind }) => !wide.has(kind)),
    accountNamespace(caller),
  );
  const folders = unique(asked.map(({ kind, namespace }) => ({ id: `${kind}/${namespace}`, kind, namespace })));
  const whole = await keepAllowed(folders, ({ kind, namespace }) =>
    access.may(caller, { verb: "get", kind, namespace }),
  );
  const single = asked.filter(({ kind, namespace }) => !whole.has(`${kind}/${namespace}`)).slice(0, mostNames);
  const named = await keepAllowed(
    single.map((place) => ({ ...place, id: idOf(place) })),
    ({ kind, namespace, name }) => access.may(caller, { verb: "get", kind, namespace, name }),
  );
  return {
    sees: (object) =>
      wide.has(object.kind) || whole.has(`${object.kind}/${object.namespace}`) || named.has(idOf(object)),
    reviews: new Set(known.map(({ kind }) => kind)).size + folders.length + single.length,
  };
}

interface Place extends ObjectName {
  readonly kind: Kind;
}

/** Kinds that we do not know, and what lives in no namespace, nobody is shown. */
function placeOf({ kind, namespace, name }: ObjectName): readonly Place[] {
  const known = kindNames.find((each) => each === kind);
  return known === undefined || kinds[known].scope === "Cluster" ? [] : [{ kind: known, namespace, name }];
}

/** The objects of so many namespaces as may be asked about, the caller's own before all others. */
function nearestNamespaces(places: readonly Place[], own: string | undefined): readonly Place[] {
  const namespaces = [...new Set(places.map(({ namespace }) => namespace))];
  const nearest = namespaces.toSorted((a, b) => Number(b === own) - Number(a === own)).slice(0, mostNamespaces);
  const chosen = new Set(nearest);
  return places.filter(({ namespace }) => chosen.has(namespace));
}

async function keepAllowed<T extends { readonly id: string }>(
  questions: readonly T[],
  isAllowed: (question: T) => Promise<boolean>,
): Promise<ReadonlySet<string>> {
  const allowed = new Set<string>();
  const rest = [...questions];
  const work = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
      if (await isAllowed(next)) allowed.add(next.id);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return allowed;
}

function unique<T extends { readonly id: string }>(questions: readonly T[]): readonly T[] {
  return [...new Map(questions.map((question) => [question.id, question])).values()];
}

function idOf({ kind, namespace, name }: ObjectName): string {
  return `${kind}/${namespace}/${name}`;
}
