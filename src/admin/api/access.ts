import { hash } from "node:crypto";
import { type Kind, kinds } from "../../core/keys.ts";
import type { KubeClient } from "../../core/kube-client.ts";
import type { Caller } from "./caller.ts";
import { ExpiringCache } from "./expiring-cache.ts";

/** What somebody would do. Without a name: with all objects of the namespace; without a namespace: of the cluster. */
export interface Deed {
  readonly verb: "get" | "list";
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name?: string;
}

export interface AccessOptions {
  readonly client: KubeClient;
  /** Milliseconds. */
  readonly now: () => number;
}

const goodForMs = 10_000;
const mostAnswers = 20_000;
const patienceMs = 1_000;

/** Asks the API server what callers may do, by SubjectAccessReviews, and remembers it for ten seconds. */
export class Access {
  readonly #client: KubeClient;
  readonly #answers: ExpiringCache<Promise<boolean>>;

  constructor({ client, now }: AccessOptions) {
    this.#client = client;
    this.#answers = new ExpiringCache({ goodForMs, most: mostAnswers, now });
  }

  /** Whether the caller may. Nobody may where the API server does not answer; that is not remembered. */
  may(caller: Caller, deed: Deed): Promise<boolean> {
    const key = hash("sha256", JSON.stringify([caller, deed.verb, deed.kind, deed.namespace, deed.name]));
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#review(caller, deed).then((allowed) => {
      if (allowed === undefined) this.#answers.delete(key);
      return allowed === true;
    });
    this.#answers.set(key, answer);
    return answer;
  }

  /** Whether the caller may get one object, by a right to all of its kind in the namespace or to itself. */
  async mayGet(caller: Caller, kind: Kind, { namespace, name }: { readonly namespace: string; readonly name: string }) {
    const inNamespace = await this.may(caller, { verb: "get", kind, namespace });
    return inNamespace || (await this.may(caller, { verb: "get", kind, namespace, name }));
  }

  async #review(
    { user, uid, groups, extra }: Caller,
    { verb, kind, namespace, name }: Deed,
  ): Promise<boolean | undefined> {
    const { group, versions, plural } = kinds[kind];
    const resource = {
      verb,
      group,
      version: versions[0],
      resource: plural,
      ...(namespace && { namespace }),
      ...(name && { name }),
    };
    const answer = await this.#client.request<unknown>({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: { user, groups, extra, ...(uid !== undefined && { uid }), resourceAttributes: resource },
      },
      timeoutMs: patienceMs,
    });
    if (answer.kind === "failed") return undefined;
    // The API server's answer; only a plain yes counts.
    const { status } = answer.value as { readonly status?: { readonly allowed?: unknown; readonly denied?: unknown } };
    return status?.allowed === true && status.denied !== true;
  }
}
