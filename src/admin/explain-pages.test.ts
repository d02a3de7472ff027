import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RequestQuestion } from "../core/explanation.ts";
import { addExplainPages, questionPaths } from "./explain-pages.ts";
import type { Explainer } from "./explainer.ts";
import { anyHostCheck } from "./host-check.ts";
import { createReadOnlyServer, listenOn } from "./read-only-server.ts";

const explainer: Explainer = {
  explainRequest: (question) => ({ question, gateways: [] }),
  explainRoute: async ({ namespace, name }) => ({
    route: { kind: "HTTPRoute", namespace, name },
    ...{ found: false, parents: [], rules: [] },
  }),
  convergence: async (object) => ({
    ...{ object, generation: 2, state: "converged", reason: "Acknowledged", message: "all of them" },
    ...{ gateways: [], replicas: { answered: 1, known: 1 } },
  }),
};
const server = createReadOnlyServer({
  isAllowedHost: anyHostCheck,
  questions: questionPaths,
  logger: pino({ level: "silent" }),
});
let origin: string;

beforeAll(async () => {
  addExplainPages(server, explainer);
  const { port } = await listenOn(server, { host: "127.0.0.1", port: 0 });
  origin = `http://127.0.0.1:${port}`;
});

afterAll(() => server.close());

const question: RequestQuestion = {
  ...{ port: 80, scheme: "http", host: "shop.example.com", path: "/a?b", method: "POST" },
  headers: [{ name: "x", value: "1" }],
};

function post(path: string, body: string, type = "application/json"): Promise<Response> {
  return fetch(`${origin}${path}`, { method: "POST", body, headers: { "content-type": type } });
}

it("answer a question that is sent as JSON", async () => {
  const asked = { ...question, gateway: { namespace: "edge", name: "public" }, sni: "shop.example.com" };
  const answer = await post("/debug/explain/request", JSON.stringify({ ...asked, more: "is left out" }));
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 200,
    body: { question: asked, gateways: [] },
  });
  const route = await post("/debug/explain/route", '{"namespace":"shop","name":"cart"}');
  expect(await route.json()).toMatchObject({ route: { namespace: "shop", name: "cart" }, found: false });
});

it.each([
  { name: "a question that is none", path: "/debug/explain/request", body: "{}", status: 400 },
  { name: "what is no JSON", path: "/debug/explain/route", body: "{", status: 400 },
  { name: "a form", path: "/debug/explain/route", body: "a=b", type: "application/x-www-form-urlencoded", status: 415 },
  { name: "a POST of anything else", path: "/debug/status", body: "{}", status: 405 },
])("refuse $name", async ({ path, body, type, status }) => {
  const answer = await post(path, body, type);
  expect(answer.status).toBe(status);
  expect(Object.keys((await answer.json()) as object)).toEqual(["error"]);
});

it("are not read by GET", async () => {
  expect((await fetch(`${origin}/debug/explain/request`)).status).toBe(404);
});

it("tell how far an object has come, by its name in any case", async () => {
  for (const object of ["httproute/shop/cart", "HTTPRoute/shop/cart"]) {
    const response = await fetch(`${origin}/debug/convergence?object=${object}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      object: { kind: "HTTPRoute", namespace: "shop", name: "cart" },
      state: "converged",
    });
  }
});

it.each([
  "",
  "?object=httproute/shop",
  "?object=service/shop/cart",
  "?object=httproute/shop/cart/more",
  "?object=/a/b",
])("say which objects there are to ask about: %s", async (query) => {
  const response = await fetch(`${origin}/debug/convergence${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: expect.stringContaining("?object=httproute/NAMESPACE/NAME") });
});
