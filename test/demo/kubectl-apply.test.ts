import { describe, expect, it } from "vitest";
import { readRefusal, reviewsOf } from "../../demo/kubectl-apply.ts";
import { readAdmissionReview } from "../../src/admission/admission-review.ts";

const user = { username: "ann", groups: ["people"] };

function route(name: string, hostname: string): string {
  return [
    "apiVersion: gateway.networking.k8s.io/v1",
    "kind: HTTPRoute",
    `metadata: { name: ${name}, namespace: a }`,
    `spec: { hostnames: [${hostname}] }`,
    "",
  ].join("\n");
}

const service = "apiVersion: v1\nkind: Service\nmetadata: { name: s, namespace: a }\n";

describe("reviewsOf", () => {
  it("asks about each route that is new or another, as an API server does", () => {
    const before = `${route("kept", "k.example.com")}---\n${route("changed", "old.example.com")}`;
    const after = `${before.replace("old.", "new.")}---\n${service}---\n${route("added", "a.example.com")}`;
    const reviews = reviewsOf([{ path: "routes.yaml", before, after }], user);
    expect(reviews.map((review) => readAdmissionReview(review))).toMatchObject([
      {
        operation: "UPDATE",
        user,
        object: { metadata: { name: "changed" }, spec: { hostnames: ["new.example.com"] } },
        oldObject: { spec: { hostnames: ["old.example.com"] } },
      },
      { operation: "CREATE", kind: "HTTPRoute", object: { metadata: { name: "added" } } },
    ]);
    expect(reviews[1]?.request).not.toHaveProperty("oldObject");
  });
});

describe("readRefusal", () => {
  const [review] = reviewsOf([{ path: "r.yaml", after: route("r", "r.example.com") }], user);

  it("tells a refusal from a yes, and from what is no answer to this question", () => {
    if (review === undefined) throw new Error("a route that is new leads to a review");
    const { uid } = review.request;
    expect(readRefusal(review, { response: { uid, allowed: true } })).toBeUndefined();
    expect(readRefusal(review, { response: { uid, allowed: false, status: { message: "No." } } })).toBe("No.");
    expect(readRefusal(review, { response: { uid } })).toBe("refused without a word");
    expect(readRefusal(review, { response: { uid: "another", allowed: true } })).toBe("this answers another review");
    expect(readRefusal(review, { error: "this is no AdmissionReview" })).toBe("this answers another review");
  });
});
