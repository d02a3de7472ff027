import { kinds, type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import { type KubeClient, type ResourceKind, resourcePath } from "../core/kube-client.ts";
import type { Scheduler } from "../core/scheduler.ts";
import type { UserInfo } from "./admission-review.ts";

/** Asks the API server whether somebody may `get` an object. Not being sure is a no. */
export type MayRead = (user: UserInfo, object: ObjectKey) => Promise<boolean>;

/**
 * Asks by SubjectAccessReview, for a second at most.
 * https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export function createAccessReview(client: KubeClient, scheduler: Scheduler): MayRead {
  return async ({ username, ...rest }, object) => {
    const { kind, name } = parseObjectKey(object);
    const { group, plural, versions } = kinds[kind];
    const resourceAttributes = {
      verb: "get",
      group,
      version: versions[0],
      resource: plural,
      ...parseNamespacedName(name),
    };
    const asked = client.request<Answer>({
      method: "POST",
      path: resourcePath(subjectAccessReviews),
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user: username, ...rest, resourceAttributes },
      },
      timeoutMs: longestMs,
    });
    const answer = await withinTime(asked, scheduler);
    return answer?.kind === "ok" && answer.value.status?.allowed === true && answer.value.status.denied !== true;
  };
}

interface Answer {
  readonly status?: { readonly allowed?: unknown; readonly denied?: unknown };
}

const subjectAccessReviews: ResourceKind = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
};
const longestMs = 1_000;

/** The client limits how long each half of an answer takes; here the whole counts. */
async function withinTime<T>(asked: Promise<T>, scheduler: Scheduler): Promise<T | undefined> {
  let cancel = () => {};
  const late = new Promise<undefined>((resolve) => {
    cancel = scheduler.after(longestMs, () => resolve(undefined));
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    cancel();
  }
}
