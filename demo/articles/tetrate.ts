import type { Article, DemoRequest, ExpectedCondition, Step } from "../step.ts";

const gateway = "ingress/shared-gateway";
const grant = "app-developer/team2/reference-grant.yaml";
const ask: DemoRequest = { gateway, scheme: "http", host: "teams.example.com", port: 80, path: "/httpbin/get" };
const route = { route: "team1/httpbin", rule: 0 };
const resolved: ExpectedCondition = {
  object: "HTTPRoute team1/httpbin",
  parent: gateway,
  type: "ResolvedRefs",
  status: "True",
  reason: "ResolvedRefs",
};
const withoutGrant: Step["expect"] = {
  answer: { status: 500, served: route },
  conditions: [
    { ...resolved, status: "False", reason: "RefNotPermitted" },
    { ...resolved, type: "Accepted", reason: "Accepted" },
  ],
};

/** One team's route to another team's Service, which takes the other team's consent. */
export const tetrate: Article = {
  folder: "tetrate",
  title: "Tetrate: a route into another team's namespace",
  later: [grant],
  certificates: [],
  backends: [{ name: "team2/httpbin", address: "127.0.0.131", port: 8000 }],
  gateways: [gateway],
  steps: [
    {
      say: "team1's route is let in, but it points at team2's Service and team2 has not agreed",
      request: ask,
      expect: withoutGrant,
    },
    {
      say: "team2 grants it; the route's rewrite cuts /httpbin off the path",
      do: [{ kind: "add", file: grant }],
      request: ask,
      expect: {
        answer: { status: 200, backend: "team2/httpbin", backendPath: "/get", served: route },
        conditions: [resolved],
      },
    },
    {
      say: "team2 takes the grant back, and it ends at once",
      do: [{ kind: "remove", file: grant }],
      request: ask,
      expect: withoutGrant,
    },
  ],
};
