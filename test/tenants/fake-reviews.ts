import type { KubeClient, KubeRequest, KubeResult } from "../../src/core/kube-client.ts";

/** What a SubjectAccessReview asks. */
export interface ReviewedDeed {
  readonly user: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** An API server that only reviews tokens and rights. */
export interface FakeReviews extends KubeClient {
  /** Every review, in order: `token`, or what was asked. */
  readonly reviews: readonly ("token" | ReviewedDeed)[];
  /** While true nothing is answered but errors. */
  isDown: boolean;
}

export interface FakeReviewsOptions {
  /** Users by token. */
  readonly tokens: Readonly<Record<string, { readonly username: string; readonly groups?: readonly string[] }>>;
  readonly allows: (deed: ReviewedDeed) => boolean;
}

/** Makes a client of such an API server. */
export function createFakeReviews({ tokens, allows }: FakeReviewsOptions): FakeReviews {
  const reviews: ("token" | ReviewedDeed)[] = [];
  const answer = ({ path, body }: KubeRequest): unknown => {
    const { spec } = body as { readonly spec: Spec };
    if (path.endsWith("/tokenreviews")) {
      reviews.push("token");
      const user = tokens[spec.token ?? ""];
      return { status: user === undefined ? { error: "no such token" } : { authenticated: true, user } };
    }
    const { verb = "", resource = "", namespace, name } = spec.resourceAttributes ?? {};
    const place = { ...(namespace !== undefined && { namespace }), ...(name !== undefined && { name }) };
    const deed: ReviewedDeed = { user: spec.user ?? "", verb, resource, ...place };
    reviews.push(deed);
    return { status: { allowed: allows(deed) } };
  };
  const fake: FakeReviews = {
    reviews,
    isDown: false,
    request: async <T>(request: KubeRequest): Promise<KubeResult<T>> =>
      fake.isDown
        ? { kind: "failed", status: 0, reason: "NoAnswer", message: "connection refused" }
        : { kind: "ok", value: answer(request) as T }, // what the API server would send
  };
  return fake;
}

interface Spec {
  readonly token?: string;
  readonly user?: string;
  readonly resourceAttributes?: Partial<ReviewedDeed>;
}
