import { describe, expect, it } from "vitest";
import type { ConvergenceQuestion, ReplicaCounts } from "../core/convergence.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { decodeAnswers, decodeQuestions, encodeAnswers, encodeQuestions, mostQuestions } from "./convergence-method.ts";

const object = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const gateway = namespacedName("infra", "edge");
const questions: readonly ConvergenceQuestion[] = [
  { kind: "object", object },
  { kind: "hosts", object, gateway, hosts: ["infra/edge|http-80/shop.example.com", "infra/edge|http-80/*"] },
];
const answers: readonly ReplicaCounts[] = [
  { generation: 3, gateways: [{ gateway, connected: 2, acknowledged: 1 }] },
  { gateways: [] },
];
const bytes = (value: unknown) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

describe("questions", () => {
  it("come out as they went in", () => {
    expect(decodeQuestions(encodeQuestions(questions))).toEqual(questions);
  });

  const hosts = { kind: "hosts", object, gateway, hosts: [] };
  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a list", []],
    ["no list", { questions: {} }],
    ["too many", { questions: Array(mostQuestions + 1).fill(questions[0]) }],
    ["another kind of question", { questions: [{ kind: "other", object }] }],
    ["another kind of object", { questions: [{ kind: "object", object: "Secret/shop/cart" }] }],
    ["a name of one part", { questions: [{ kind: "object", object: "HTTPRoute/cart" }] }],
    ["a name that is none", { questions: [{ kind: "object", object: "HTTPRoute/shop/__proto__" }] }],
    ["a Gateway that is none", { questions: [{ ...hosts, gateway: "edge" }] }],
    ["too many hosts", { questions: [{ ...hosts, hosts: Array(4_097).fill("a/b|c/d") }] }],
    ["hosts that are none", { questions: [{ ...hosts, hosts: [1] }] }],
    ["a host of no Gateway", { questions: [{ ...hosts, hosts: ["shop.example.com"] }] }],
  ])("cannot be %s", (_, value) => {
    expect(decodeQuestions(bytes(value))).toBeUndefined();
  });
});

describe("answers", () => {
  it("come out as they went in, one for each question", () => {
    expect(decodeAnswers(encodeAnswers(answers), 2)).toEqual(answers);
    expect(decodeAnswers(encodeAnswers(answers), 1)).toBeUndefined();
    expect(decodeAnswers(encodeAnswers([]), 1)).toBeUndefined();
  });

  const counts = { gateway, connected: 2, acknowledged: 1 };
  it.each([
    ["no JSON", "["],
    ["without Gateways", { answers: [{ generation: 1 }] }],
    ["of a generation that is none", { answers: [{ generation: "1", gateways: [] }] }],
    ["of fewer than no proxies", { answers: [{ gateways: [{ ...counts, connected: -1, acknowledged: -1 }] }] }],
    ["with more that acknowledged than there are", { answers: [{ gateways: [{ ...counts, acknowledged: 3 }] }] }],
    ["of half a proxy", { answers: [{ gateways: [{ ...counts, acknowledged: 0.5 }] }] }],
    ["of no Gateway", { answers: [{ gateways: [{ connected: 1, acknowledged: 1 }] }] }],
  ])("cannot be %s", (_, value) => {
    expect(decodeAnswers(bytes(value), 1)).toBeUndefined();
  });
});
