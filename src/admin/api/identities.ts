import { hash } from "node:crypto";
import type { KubeClient, KubeResult } from "../../core/kube-client.ts";
import type { Caller } from "./caller.ts";
import { ExpiringCache } from "./expiring-cache.ts";

/** Who a token belongs to; `unavailable` where nobody could be asked. */
export type Identification =
  | { readonly kind: "known"; readonly caller: Caller }
  | { readonly kind: "unknown" }
  | { readonly kind: "unavailable"; readonly message: string };

export interface IdentitiesOptions {
  readonly client: KubeClient;
  /** Milliseconds. */
  readonly now: () => number;
}

const goodForMs = 10_000;
const mostTokens = 2_000;
/** Reviews under way at once: what comes on top of them is told to come back. */
const mostReviews = 32;
const patienceMs = 1_000;

/** Finds out whose a token is by TokenReviews, and remembers it for ten seconds. Tokens are kept as hashes only. */
export class Identities {
  readonly #client: KubeClient;
  readonly #known: ExpiringCache<Identification>;
  readonly #underWay = new Map<string, Promise<Identification>>();

  constructor({ client, now }: IdentitiesOptions) {
    this.#client = client;
    this.#known = new ExpiringCache({ goodForMs, most: mostTokens, now });
  }

  /** What is known of a token without asking. */
  remembered(token: string): Identification | undefined {
    return this.#known.get(hash("sha256", token));
  }

  async identify(token: string): Promise<Identification> {
    const key = hash("sha256", token);
    const known = this.#known.get(key) ?? this.#underWay.get(key);
    if (known !== undefined) return known;
    if (this.#underWay.size >= mostReviews) return { kind: "unavailable", message: "too many tokens are looked at" };
    const review = this.#review(token).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, review);
    const found = await review;
    if (found.kind !== "unavailable") this.#known.set(key, found);
    return found;
  }

  async #review(token: string): Promise<Identification> {
    const answer: KubeResult<unknown> = await this.#client.request({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/tokenreviews",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } },
      timeoutMs: patienceMs,
    });
    if (answer.kind === "failed")
      return { kind: "unavailable", message: "the API server could not be asked whose the token is" };
    const caller = readCaller(answer.value);
    return caller === undefined ? { kind: "unknown" } : { kind: "known", caller };
  }
}

interface TokenReview {
  readonly status?: {
    readonly authenticated?: unknown;
    readonly user?: {
      readonly username?: unknown;
      readonly uid?: unknown;
      readonly groups?: unknown;
      readonly extra?: unknown;
    };
  };
}

function readCaller(review: unknown): Caller | undefined {
  // The API server's answer; every field that is used is looked at.
  const { authenticated, user } = (review as TokenReview | null)?.status ?? {};
  if (authenticated !== true || typeof user?.username !== "string" || user.username === "") return undefined;
  return {
    user: user.username,
    ...(typeof user.uid === "string" && { uid: user.uid }),
    groups: textsOf(user.groups),
    extra: Object.fromEntries(Object.entries(user.extra ?? {}).map(([name, values]) => [name, textsOf(values)])),
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
