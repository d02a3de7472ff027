import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  ExplainedBackend,
  ExplainedMatch,
  ExplainedRefusal,
  GatewayExplanation,
  ListenerName,
  ObjectName,
  RequestAnswer,
  RequestExplanation,
  Rival,
  RouteExplanation,
} from "../core/explanation.ts";
import { hiddenText } from "../core/hidden-object.ts";
import { redactRequest, redactRoute } from "./redact-explanation.ts";

/** Everything that somebody else wrote has this word in it, and nothing else has. */
const secret = "secret";

const owner = fc.constantFrom("own", `${secret}-one`, `${secret}-two`);

function object(kind: string): fc.Arbitrary<ObjectName> {
  return owner.map((namespace) => ({ kind, namespace, name: `${namespace}-${kind.toLowerCase()}` }));
}

const listener: fc.Arbitrary<ListenerName> = object("Gateway").map((parent) => ({
  parent,
  name: `${parent.namespace}-listener`,
  port: 80,
  protocol: "HTTP",
  hostname: `${parent.namespace}.example.com`,
}));

const match: fc.Arbitrary<ExplainedMatch> = fc
  .record({ route: object("HTTPRoute"), rule: fc.nat(9) })
  .map(({ route, rule }) => ({
    route,
    rule,
    ruleName: `${route.namespace}-rule`,
    matchIndex: 1,
    match: {
      path: { type: "PathPrefix", value: `/${route.namespace}` },
      headers: [{ type: "Exact", name: "x", value: route.name }],
    },
    hostname: `*.${route.namespace}.example.com`,
  }));

const rival: fc.Arbitrary<Rival> = match.map((each) => ({ ...each, criterion: "the longer path prefix" }));

/** What an explanation of a refused hostname of `asker` says. */
function refusal(asker: string): fc.Arbitrary<ExplainedRefusal> {
  return object("HTTPRoute").map((holder) => ({
    hostname: `${asker}.example.com`,
    criterion: "ClaimedFirst",
    message: "a route of another namespace had it first",
    enforced: true,
    holder,
  }));
}

function backends(namespace: string): readonly ExplainedBackend[] {
  return [
    {
      service: { kind: "Service", namespace, name: `${namespace}-service` },
      port: 80,
      weight: 1,
      message: `${namespace}/x`,
    },
  ];
}

function answerOf(namespace: string): fc.Arbitrary<RequestAnswer> {
  const forward: RequestAnswer = { kind: "forward", backends: backends(namespace) };
  return fc.constantFrom<RequestAnswer>(
    forward,
    { kind: "split", shares: [{ weight: 1, answer: forward }] },
    { kind: "redirect", status: 302, location: `https://${namespace}.example.com/` },
    { kind: "error", status: 500, reason: "the rule cannot be served", message: `no Service ${namespace}/x` },
    { kind: "corsPreflight", status: 200, allowed: true },
  );
}

const losers = fc.array(object("TLSRoute").map((each) => ({ route: each, criterion: "an older route" })));

/** A connection that a Gateway forwards as it is. */
const forwarding: fc.Arbitrary<GatewayExplanation> = fc
  .record({ gateway: object("Gateway"), listener, forwarder: object("TLSRoute"), forwardRivals: losers })
  .map((parts) => ({
    ...parts,
    answer: { kind: "forwarded", backends: backends(parts.forwarder.namespace) },
    ...{ rivals: [], withheld: [] },
  }));

const lookingUp: fc.Arbitrary<GatewayExplanation> = fc
  .record({ gateway: object("Gateway"), listener, winner: match, rivals: fc.array(rival), withheld: fc.array(match) })
  .chain((parts) =>
    fc
      .record({ answer: answerOf(parts.winner.route.namespace), refusal: refusal(parts.winner.route.namespace) })
      .map((told) => ({
        ...parts,
        envoyListener: `http-80-${parts.gateway.namespace}`,
        virtualHost: parts.winner.hostname,
        answer: told.answer,
        withheld: parts.withheld.map((each) => ({
          ...each,
          refusal: { ...told.refusal, hostname: `${each.route.namespace}.example.com` },
        })),
      })),
  );

const gateway: fc.Arbitrary<GatewayExplanation> = fc.oneof(lookingUp, forwarding);

const question = { port: 80, scheme: "http", host: "shop.example.com", path: "/", method: "GET", headers: [] } as const;
const request: fc.Arbitrary<RequestExplanation> = fc
  .array(gateway, { minLength: 1 })
  .map((gateways) => ({ question, gateways }));

const route: fc.Arbitrary<RouteExplanation> = fc
  .record({ listener, rivals: fc.array(rival), losers, refusal: refusal("own") })
  .map(({ listener, rivals, losers, refusal }) => ({
    route: { kind: "HTTPRoute", namespace: "own", name: "own-httproute" },
    found: true,
    generation: 3,
    parents: [
      {
        parent: { kind: "Gateway", namespace: "edge", name: "public" },
        attached: true,
        listeners: [
          {
            listener,
            attached: true,
            ...(listener.parent.namespace !== "own" && { reason: `${listener.name} is not served` }),
            hosts: [
              {
                hostname: "own.example.com",
                written: "own.example.com",
                matches: rivals.map((shadowedBy) => ({
                  rule: 0,
                  matchIndex: 0,
                  match: { path: { type: "PathPrefix", value: "/own" } },
                  state: "shadowed",
                  shadowedBy,
                })),
                ...(losers[0] && { shadowedBy: losers[0] }),
              },
            ],
            acknowledgement: { connected: 2, acknowledged: 1, refusals: [`route ${secret}-three/x is wrong`] },
          },
        ],
        refusals: [refusal],
      },
    ],
    rules: [{ index: 0, kind: "forward", backends: backends("own") }],
  }));

const sees = ({ namespace }: ObjectName) => !namespace.startsWith(secret);

describe("redactRequest", () => {
  it("tells nothing that another namespace wrote, whatever the explanation holds", () => {
    fc.assert(
      fc.property(request, (whole) => {
        expect(JSON.stringify(redactRequest(whole, sees))).not.toContain(secret);
      }),
    );
  });

  it("tells everything to who sees everything", () => {
    fc.assert(
      fc.property(request, (whole) => {
        expect(redactRequest(whole, () => true)).toEqual(whole);
      }),
    );
  });

  it("keeps own matches, and of others that they are there and what decided", () => {
    fc.assert(
      fc.property(request, (whole) => {
        for (const each of whole.gateways) {
          const [redacted] = redactRequest({ question, gateways: [each] }, sees).gateways;
          const [shown, { rivals }] = [redacted?.rivals ?? [], each];
          expect(shown.length > 0).toBe(rivals.length > 0);
          const criteria = (list: readonly Rival[]) => new Set(list.map(({ criterion }) => criterion));
          if (each.winner && sees(each.winner.route)) expect(criteria(shown)).toEqual(criteria(rivals));
          expect(shown.filter(({ route }) => route.namespace !== hiddenText)).toEqual(
            rivals.filter(({ route }) => sees(route)),
          );
        }
      }),
    );
  });

  it("tells the same however many Gateways and routes others have, and whatever is wrong with them", () => {
    const other = (name: string, criterion = "the older route"): Rival => ({
      route: { kind: "HTTPRoute", namespace: `${secret}-${name}`, name },
      ...{ rule: 0, matchIndex: 0, match: { path: { type: "PathPrefix", value: `/${name}` } }, criterion },
      hostname: `*.${name}.example.com`,
    });
    const at = (name: string, reason: string, rivals: readonly Rival[]): GatewayExplanation => ({
      gateway: { kind: "Gateway", namespace: `${secret}-${name}`, name },
      answer: { kind: "error", status: 500, reason },
      ...{ winner: other("winner"), rivals, withheld: rivals },
    });
    const few = [at("one", "None of the rule's backends can be used", [other("a")])];
    const many = [
      at("one", "The rule cannot be served as it is written", [other("a"), other("b", "a longer path"), other("c")]),
      at("two", "The rule has no backend with a weight above 0", [other("d")]),
    ];
    const told = (gateways: readonly GatewayExplanation[]) => redactRequest({ question, gateways }, sees);
    expect(told(many)).toEqual(told(few));
  });

  it("tells the same of a connection whose route is another's, whatever closes it", () => {
    const at = (forwarder: string, reason: string, rivals: number): GatewayExplanation => ({
      gateway: { kind: "Gateway", namespace: `${secret}-one`, name: "edge" },
      answer: { kind: "noConnection", reason },
      forwarder: { kind: "TCPRoute", namespace: `${secret}-one`, name: forwarder },
      forwardRivals: Array.from({ length: rivals }, (_, index) => ({
        route: { kind: "TCPRoute", namespace: `${secret}-two`, name: `r-${index}` },
        criterion: "an older route",
      })),
      ...{ rivals: [], withheld: [] },
    });
    const told = (gateway: GatewayExplanation) => redactRequest({ question, gateways: [gateway] }, sees);
    expect(told(at("a", "No backend of the route can be used: the connection is closed", 3))).toEqual(
      told(at("b", "whatever it is", 1)),
    );
  });

  it("shows the hostname of another's rival where the reader has asked for that very host", () => {
    const theirs: Rival = {
      route: { kind: "HTTPRoute", namespace: `${secret}-one`, name: "r" },
      ...{ rule: 0, matchIndex: 0, match: { path: { type: "PathPrefix", value: "/" } }, criterion: "age" },
      hostname: "shop.example.com",
    };
    const answer = { kind: "notFound", status: 404, reason: "no match" } as const;
    const edge = { kind: "Gateway", namespace: "own", name: "edge" };
    const whole = { question, gateways: [{ gateway: edge, answer, rivals: [theirs], withheld: [] }] };
    expect(redactRequest(whole, sees).gateways[0]?.rivals).toEqual([
      {
        route: { kind: "HTTPRoute", namespace: hiddenText, name: "" },
        ...{ rule: -1, matchIndex: -1, match: { path: { type: "PathPrefix", value: hiddenText } } },
        ...{ hostname: "shop.example.com", criterion: "age" },
      },
    ]);
  });
});

describe("redactRoute", () => {
  it("tells nothing of the listeners of a parent that does not admit the route, but why not", () => {
    const parent = { kind: "Gateway", namespace: "edge", name: "public" };
    const reason = "The listener admits routes of its own namespace only";
    const listener = { parent, name: "internal", port: 8443, protocol: "HTTPS", hostname: "internal.example.com" };
    const whole: RouteExplanation = {
      ...{ route: { kind: "HTTPRoute", namespace: "own", name: "r" }, found: true, rules: [] },
      parents: [
        { parent, attached: false, listeners: [{ listener, attached: false, reason, hosts: [] }], refusals: [] },
      ],
    };
    const strict = ({ namespace }: ObjectName) => namespace === "own";
    const redacted = redactRoute(whole, strict);
    expect(JSON.stringify(redacted)).not.toMatch(/internal|8443|HTTPS/);
    expect(redacted.parents[0]?.listeners[0]).toMatchObject({ listener: { parent }, attached: false, reason });
  });

  it("tells no count of the listeners of a parent that does not admit the route", () => {
    const parent = { kind: "Gateway", namespace: "edge", name: "public" };
    const listenerOf = (name: string) => ({
      listener: { parent, name, port: name.length, protocol: "HTTP", hostname: `${name}.example.com` },
      ...{ attached: false, reason: "The listener admits routes of its own namespace only", hosts: [] },
    });
    const told = (names: readonly string[]) =>
      redactRoute(
        {
          ...{ route: { kind: "HTTPRoute", namespace: "own", name: "r" }, found: true, rules: [] },
          parents: [{ parent, attached: false, listeners: names.map(listenerOf), refusals: [] }],
        },
        ({ namespace }) => namespace === "own",
      );
    expect(told(["a", "bb", "ccc"])).toEqual(told(["a"]));
  });

  it("tells nothing that another namespace wrote, whatever the explanation holds", () => {
    fc.assert(
      fc.property(route, (whole) => {
        expect(JSON.stringify(redactRoute(whole, sees))).not.toContain(secret);
      }),
    );
  });

  it("shows the parent that the route names, which its author may not get", () => {
    const strict = ({ namespace }: ObjectName) => namespace === "own";
    fc.assert(
      fc.property(route, (whole) => {
        const redacted = redactRoute(whole, strict);
        expect(redacted.parents.map(({ parent }) => parent)).toEqual(whole.parents.map(({ parent }) => parent));
        expect(redacted.rules).toEqual(whole.rules);
      }),
    );
  });
});
