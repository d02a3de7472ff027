import { describe, expect, it } from "vitest";
import { readAdmissionReview, silentYes, writeAdmissionReview } from "./admission-review.ts";

const object = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", metadata: { name: "web" }, spec: {} };
const request = {
  uid: "705ab4f5",
  kind: { group: "gateway.networking.k8s.io", version: "v1", kind: "HTTPRoute" },
  operation: "CREATE",
  userInfo: { username: "ann", uid: "7", groups: ["people"], extra: { scopes: ["a", "b"], odd: "text" } },
  object,
  oldObject: null,
};
const review = (fields: object) => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { ...request, ...fields },
});

describe("readAdmissionReview", () => {
  it("takes who asks for what", () => {
    expect(readAdmissionReview(review({}))).toEqual({
      uid: "705ab4f5",
      kind: "HTTPRoute",
      operation: "CREATE",
      user: { username: "ann", uid: "7", groups: ["people"], extra: { scopes: ["a", "b"] } },
      object,
    });
  });

  it("takes somebody without a name, and no object, as they come", () => {
    expect(readAdmissionReview(review({ userInfo: null, object: { metadata: {} }, operation: "UPDATE" }))).toEqual({
      uid: "705ab4f5",
      kind: "HTTPRoute",
      operation: "UPDATE",
      user: { username: "", extra: {} },
    });
  });

  it.each([
    ["nothing", undefined],
    ["a list", []],
    ["another version", { ...review({}), apiVersion: "admission.k8s.io/v1beta1" }],
    ["another kind", { ...review({}), kind: "ConversionReview" }],
    ["no request", { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" }],
    ["no uid", review({ uid: undefined })],
    ["no kind", review({ kind: "HTTPRoute" })],
    ["no operation", review({ operation: 1 })],
  ])("refuses %s", (_name, body) => expect(readAdmissionReview(body)).toBeUndefined());
});

describe("writeAdmissionReview", () => {
  it("says yes with as little as it takes", () => {
    expect(writeAdmissionReview("7", silentYes)).toEqual({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: "7", allowed: true },
    });
  });

  it("says no with a reason, and warns", () => {
    expect(writeAdmissionReview("7", { allowed: false, message: "no.", warnings: ["careful."] })).toMatchObject({
      response: {
        uid: "7",
        allowed: false,
        status: { code: 403, reason: "Forbidden", message: "no." },
        warnings: ["careful."],
      },
    });
  });
});
