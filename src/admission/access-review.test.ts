import { expect, it } from "vitest";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { KubeClient, KubeRequest, KubeResult } from "../core/kube-client.ts";
import { createAccessReview } from "./access-review.ts";

const winner = objectKey("ListenerSet", namespacedName("billing", "own"));
const user = { username: "ann", uid: "7", groups: ["people"], extra: { scopes: ["a"] } };

function start(answer: KubeResult<unknown> | undefined) {
  const sent: KubeRequest[] = [];
  const timers: { readonly milliseconds: number; readonly task: () => void }[] = [];
  const client: KubeClient = {
    request: <T>(request: KubeRequest) => {
      sent.push(request);
      // What the API server would send: whoever asks checks it.
      return answer === undefined ? new Promise<never>(() => {}) : Promise.resolve(answer as KubeResult<T>);
    },
  };
  const after = (milliseconds: number, task: () => void) => {
    timers.push({ milliseconds, task });
    return () => void timers.splice(0);
  };
  return { sent, timers, mayRead: createAccessReview(client, { now: () => 0, after }) };
}

it("asks for the very person and the very object", async () => {
  const { mayRead, sent, timers } = start({ kind: "ok", value: { status: { allowed: true } } });
  expect(await mayRead(user, winner)).toBe(true);
  expect(sent).toEqual([
    {
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      timeoutMs: 1_000,
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SubjectAccessReview",
        spec: {
          user: "ann",
          uid: "7",
          groups: ["people"],
          extra: { scopes: ["a"] },
          resourceAttributes: {
            verb: "get",
            group: "gateway.networking.k8s.io",
            version: "v1",
            resource: "listenersets",
            namespace: "billing",
            name: "own",
          },
        },
      },
    },
  ]);
  expect(timers).toEqual([]);
});

it.each<{ name: string; answer: KubeResult<unknown> }>([
  { name: "no", answer: { kind: "ok", value: { status: { allowed: false } } } },
  { name: "denied", answer: { kind: "ok", value: { status: { allowed: true, denied: true } } } },
  { name: "something else", answer: { kind: "ok", value: { status: { allowed: "true" } } } },
  { name: "nothing", answer: { kind: "ok", value: {} } },
  { name: "a failure", answer: { kind: "failed", status: 403, reason: "Forbidden", message: "no rights" } },
])("takes $name for a no", async ({ answer }) => expect(await start(answer).mayRead(user, winner)).toBe(false));

it("takes no answer within a second for a no", async () => {
  const { mayRead, timers } = start(undefined);
  const answer = mayRead(user, winner);
  expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([1_000]);
  timers[0]?.task();
  expect(await answer).toBe(false);
});
