import type { ListenerSet, Route } from "../core/gateway-api.ts";
import { type ObjectKey, type RouteKind, routeKinds } from "../core/keys.ts";
import type { RawObject } from "../core/kube-client.ts";
import type { OwnershipRefusal } from "../core/ownership.ts";
import type { MayRead } from "./access-review.ts";
import { type AdmissionAnswer, type AdmissionRequest, silentYes } from "./admission-review.ts";
import { claimSentence, isFirstCome } from "./claim-sentence.ts";

/** The kinds that the webhook is registered for. */
export type ReviewedKind = RouteKind | "ListenerSet";

/** What would be refused to an object if it were stored as it is now. */
export interface OwnershipVerdict {
  readonly enforced: readonly OwnershipRefusal[];
  /** What Gateways refuse that only warn. */
  readonly warned: readonly OwnershipRefusal[];
}

export interface ReviewOptions {
  /** Whether everything is known that a verdict follows from. */
  readonly isReady: () => boolean;
  /** Undefined for what is not understood. The object may be changed. */
  readonly readObject: (kind: ReviewedKind, raw: RawObject) => Route | ListenerSet | undefined;
  readonly judge: (object: Route | ListenerSet) => OwnershipVerdict;
  /** One sentence without a full stop, which names nobody. */
  readonly describe: (refusal: OwnershipRefusal) => string;
  readonly mayRead: MayRead;
}

/** An answer, and how it came about; `unjudged` is what the webhook has no opinion about. */
export interface ReviewResult {
  readonly outcome: "allowed" | "warned" | "refused" | "unjudged";
  readonly answer: AdmissionAnswer;
}

/**
 * Tells the author of an object what ownership would refuse, before it is stored. Refused is only what the object did not
 * have before: somebody who has lost a hostname must still be able to change everything else.
 */
export async function reviewObject(request: AdmissionRequest, options: ReviewOptions): Promise<ReviewResult> {
  const { object, oldObject } = request;
  const isLeaving = object?.metadata.deletionTimestamp !== undefined;
  if (object === undefined || isLeaving || !options.isReady()) return unjudged;
  const verdict = verdictOn(request.kind, object, options);
  if (verdict === undefined) return unjudged;
  const enforced = verdict.enforced.filter(({ criterion }) => criterion !== "NotRecorded");
  const warned = verdict.warned.filter(({ criterion }) => criterion !== "NotRecorded");
  if (enforced.length + warned.length === 0) return { outcome: "allowed", answer: silentYes };
  const before = oldObject && enforced.length > 0 ? verdictOn(request.kind, oldObject, options) : undefined;
  const known = new Set(before?.enforced.map(subjectOf));
  const refused = enforced.filter((refusal) => !known.has(subjectOf(refusal)));
  const kept = enforced.filter((refusal) => known.has(subjectOf(refusal)));
  const say = await sentences([...refused, ...kept, ...warned], request, options);
  const warnings = [
    ...shorten(kept.map((refusal) => `${say(refusal)} It was so before this change.`)),
    ...shorten(warned.map((refusal) => `${say(refusal)} It is served all the same: this Gateway only warns.`)),
  ];
  if (refused.length === 0) return { outcome: "warned", answer: { allowed: true, warnings } };
  const message = shorten(refused.map(say)).join(" ");
  return { outcome: "refused", answer: { allowed: false, message, warnings } };
}

const unjudged: ReviewResult = { outcome: "unjudged", answer: silentYes };

/** More would be cut off by kubectl, and each holder is a request to the API server. */
const mostSentences = 8;
const mostHolders = 8;

function verdictOn(kind: string, raw: RawObject, { readObject, judge }: ReviewOptions): OwnershipVerdict | undefined {
  const reviewed = reviewedKinds.find((each) => each === kind);
  const object = reviewed && readObject(reviewed, raw);
  return object && judge(object);
}

const reviewedKinds: readonly ReviewedKind[] = [...routeKinds, "ListenerSet"];

/** What is refused, whoever has it and why. */
function subjectOf({ hostname, path, isPort }: OwnershipRefusal): string {
  return JSON.stringify([hostname, path?.type, path?.value, isPort]);
}

/** Finds out which holders may be named to whom it concerns, all at once; then sentences are at hand. */
async function sentences(
  refusals: readonly OwnershipRefusal[],
  { user }: AdmissionRequest,
  { mayRead, describe }: ReviewOptions,
): Promise<(refusal: OwnershipRefusal) => string> {
  const holders = new Set(refusals.filter(isFirstCome).flatMap(({ holder }) => holder?.object ?? []));
  const asked = [...holders].slice(0, mostHolders);
  const answers = await Promise.all(asked.map((holder) => mayRead(user, holder)));
  const readable = new Set<ObjectKey | undefined>(asked.filter((_, index) => answers[index]));
  return (refusal) => {
    if (!isFirstCome(refusal)) return `${describe(refusal)}.`;
    return claimSentence(refusal, readable.has(refusal.holder?.object) ? "may-read-holder" : "anybody");
  };
}

function shorten(lines: readonly string[]): readonly string[] {
  const distinct = [...new Set(lines)];
  if (distinct.length <= mostSentences) return distinct;
  return [...distinct.slice(0, mostSentences), `There are ${distinct.length - mostSentences} more.`];
}
