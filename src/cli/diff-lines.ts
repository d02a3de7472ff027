import type { HttpPathMatch } from "../core/gateway-api.ts";
/** The words that both forms of a comparison are made of. */
import type { ObjectKey } from "../core/keys.ts";
import {
  type AnswerChange,
  type ConditionChange,
  type ForwardedAnswer,
  type ForwardingChange,
  type ProbeAnswer,
  type ProbeRequest,
  type ProxyChange,
  probeSegment,
  type Verdict,
} from "../core/world-diff.ts";
import { objectWords } from "./object-words.ts";

/** Names the route that has something; `nobody` where none has it. */
export function ownerWords(key: ObjectKey | undefined): string {
  return key === undefined ? "nobody" : objectWords(key);
}

/** `PathPrefix /cart`. */
export function pathWords({ type, value }: HttpPathMatch): string {
  return `${type} ${value}`;
}

/** `GET http://shop.example.com/cart`, with headers behind it; the port where it is not the scheme's. */
export function requestWords({ method, scheme, host, port, path, headers }: ProbeRequest): string {
  const usual = port === (scheme === "https" ? 443 : 80);
  const shown = headers.map(({ name, value }) => ` -H '${name}: ${value}'`).join("");
  return `${method} ${scheme}://${host}${usual ? "" : `:${port}`}${path}${shown}`;
}

/** A request that is answered otherwise; `below` where all that lies below its path fares the same. */
export interface FoldedRequest {
  readonly change: AnswerChange;
  readonly below: boolean;
}

/** Joins the request for a prefix with the one for a child of it, where the same becomes of both. */
export function foldRequests(changes: readonly AnswerChange[]): readonly FoldedRequest[] {
  const known = new Map(changes.map((change) => [fateOf(change, change.request.path), change]));
  const child = (change: AnswerChange) => known.get(fateOf(change, childOf(change.request.path)));
  const folded = new Set(changes.map(child));
  return changes
    .filter((change) => !folded.has(change))
    .map((change) => ({ change, below: child(change) !== undefined }));
}

function fateOf({ gateway, request, before, after }: AnswerChange, path: string): string {
  return JSON.stringify([gateway, { ...request, path }, before, after]);
}

function childOf(path: string): string {
  const [own = "", ...query] = path.split("?");
  return [`${own.replace(/\/$/, "")}/${probeSegment}`, ...query].join("?");
}

/** `forward to cart/cart:80 (HTTPRoute cart/cart, rule 0)`. */
export function answerWords({ answer, route, rule }: ProbeAnswer): string {
  return route === undefined ? answer : `${answer} (${objectWords(route)}, rule ${rule})`;
}

/** `forward to shop/db:5432 (TCPRoute shop/db)`. */
export function forwardedWords({ answer, route }: ForwardedAnswer): string {
  return route === undefined ? answer : `${answer} (${objectWords(route)})`;
}

/** What comes to a name of a port: `TLS for db.example.com`, `TCP`. */
export function comingWords({ protocol, hostname }: ForwardingChange): string {
  return hostname === "*" ? protocol : `${protocol} for ${hostname}`;
}

/** `Accepted=False HostnameClaimed at Gateway infra/shared: …`. */
export function verdictWords({ type, status, reason, message, good: _, ...place }: Verdict): string {
  return `${type}=${status} ${reason}${placeWords(place)}${message === "" ? "" : `: ${message}`}`;
}

/** `Accepted: True Accepted → False HostnameClaimed at Gateway infra/shared: …`. */
export function conditionWords({ type, before, after, message, ...place }: ConditionChange): string {
  return `${type}: ${before ?? "absent"} → ${after ?? "absent"}${placeWords(place)}${message === "" ? "" : `: ${message}`}`;
}

function placeWords({ parent, listener }: { readonly parent?: string; readonly listener?: string }): string {
  if (parent !== undefined) return ` at ${parent}`;
  return listener === undefined ? "" : ` of listener ${listener}`;
}

/** `2 added, 1 changed`. */
export function countWords(resources: ProxyChange["resources"]): string {
  const counts = Map.groupBy(resources, ({ change }) => change);
  const words = (["added", "changed", "removed"] as const).flatMap((change) => {
    const count = counts.get(change)?.length ?? 0;
    return count === 0 ? [] : [`${count} ${change}`];
  });
  return words.length === 0 ? "no resources" : words.join(", ");
}

/** One sentence that sums the comparison up. */
export const verdictSentences = {
  unaffected: "Nothing changes for other namespaces.",
  affected: "Something changes for other namespaces.",
  refused: "Something of the change is refused.",
} as const;
