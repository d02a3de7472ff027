import type { SessionPersistence } from "../../core/gateway-api.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";

/** How the fields of `sessionPersistence` fit together, in the rules of an HTTPRoute or a GRPCRoute. */
export function sessionPersistenceRules(kind: "HTTPRoute" | "GRPCRoute"): readonly Rule[] {
  return rulesFor(kind, ["spec.rules[].sessionPersistence"], checks);
}

const checks: readonly RuleCheck<SessionPersistence>[] = [
  {
    name: "a permanent cookie has an end",
    cel: "b58d268669c2",
    check: ({ cookie, absoluteTimeout }) =>
      cookie?.lifetimeType === "Permanent" && absoluteTimeout === undefined
        ? "must have an absoluteTimeout when the lifetimeType of its cookie is Permanent"
        : undefined,
  },
  {
    name: "cookie stands only with the type Cookie",
    cel: "b9916a8906bd",
    check: ({ type, cookie }) =>
      cookie !== undefined && type !== "Cookie" ? `must not have cookie when its type is ${type}` : undefined,
  },
  {
    name: "the type Cookie has cookie",
    cel: "42c92c84803e",
    check: ({ type, cookie }) =>
      type === "Cookie" && cookie === undefined ? "must have cookie when its type is Cookie" : undefined,
  },
  {
    name: "header stands only with the type Header",
    cel: "d5d10b1a2603",
    check: ({ type, header }) =>
      header !== undefined && type !== "Header" ? `must not have header when its type is ${type}` : undefined,
  },
  {
    name: "the type Header has header",
    cel: "4d46b9eb5dca",
    check: ({ type, header }) =>
      type === "Header" && header === undefined ? "must have header when its type is Header" : undefined,
  },
];
