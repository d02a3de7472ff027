import { type Kind, kindNames, kinds, reportedKinds } from "../core/keys.ts";

/** Which objects' statuses are asked for. */
export interface StatusSelection {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
}

const shortNames: Readonly<Record<string, Kind>> = {
  gc: "GatewayClass",
  gtw: "Gateway",
  gw: "Gateway",
  lset: "ListenerSet",
  btlspolicy: "BackendTLSPolicy",
};

/**
 * Reads `KIND`, `KIND/NAME`, `KIND/NAMESPACE/NAME`, or the kind and the name as two words, as one is used to from kubectl.
 * Undefined when no kind is called so.
 */
export function parseSelection(kindText: string, nameText?: string): StatusSelection | undefined {
  const [kindWord = "", ...rest] = kindText.split("/");
  const path = [...rest, ...(nameText?.split("/") ?? [])];
  const kind = findKind(kindWord);
  if (kind === undefined || path.length > 2 || path.includes("")) return undefined;
  const name = path.at(-1);
  const namespace = path.length === 2 ? path[0] : undefined;
  return { kind, ...(namespace === undefined ? {} : { namespace }), ...(name === undefined ? {} : { name }) };
}

/** The words by which kinds can be asked for, for a message. */
export const kindWords: string = reportedKinds.map((kind) => kinds[kind].plural).join(", ");

function findKind(word: string): Kind | undefined {
  const [lower = ""] = word.toLowerCase().split(".");
  const named = kindNames.find((kind) => lower === kind.toLowerCase() || lower === kinds[kind].plural);
  const kind = named ?? (Object.hasOwn(shortNames, lower) ? shortNames[lower] : undefined);
  return kind !== undefined && reportedKinds.includes(kind) ? kind : undefined;
}
