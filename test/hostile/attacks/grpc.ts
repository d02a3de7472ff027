/** Methods of others, and sessions that lead to others. */
import { backendRef, exact, grpcRoute, httpRoute, type PlainObject, prefix, rule, sharedGateway } from "../objects.ts";
import { attack, type Family, grab, mine } from "./attack.ts";

const theirs = [
  "rpc.example.com",
  "RPC.example.com",
  "*.example.com",
  "api.techresolve.com",
  "shared.example.com",
  "*.com",
];
const echo: PlainObject = { method: { type: "Exact", service: "grpc.Echo", method: "Ping" } };
const long = "a".repeat(1024);

export const methods: Family = {
  name: "GRPCRoutes for others' hostnames and methods",
  attacks: [
    ...theirs.flatMap((hostname) => [
      attack(`every method of ${hostname}`, grpcRoute(mine(), { hostnames: [hostname], rules: [rule([{}])] })),
      attack(`one method of ${hostname}`, grpcRoute(mine(), { hostnames: [hostname], rules: [rule([echo])] })),
      attack(`the same path of ${hostname}`, grab([hostname], [rule([exact("/grpc.Echo/Ping")])])),
    ]),
    attack("no hostname", grpcRoute(mine(), { rules: [rule([{}])] })),
    attack("no rule", grpcRoute(mine(), { hostnames: ["rpc.example.com"], rules: [] })),
    attack(
      "a hostless route for a path that somebody shares",
      grpcRoute(mine(), {
        parentRefs: [{ ...sharedGateway, sectionName: "shared" }],
        rules: [
          rule([{ method: { type: "Exact", service: "careers", method: "open" } }, { method: { service: "status" } }]),
        ],
      }),
    ),
    ...[".*", "(", "a{1000}{1000}", "(a*)*b", "careers/open|product", "\u0000", "[^/]*/../x"].map((service) =>
      attack(
        `an expression ${service}`,
        grpcRoute(mine(), {
          hostnames: ["g.mallory.example"],
          rules: [rule([{ method: { type: "RegularExpression", service, method: service } }])],
        }),
      ),
    ),
    attack(
      "services that are paths",
      grpcRoute(mine(), {
        hostnames: ["g.mallory.example"],
        rules: [
          rule([{ method: { type: "Exact", service: "a/../careers", method: "b?c" } }, { method: { service: long } }]),
        ],
      }),
    ),
    attack(
      "as many matches as there may be",
      grpcRoute(mine(), {
        hostnames: Array.from({ length: 16 }, (_, index) => `g${index}.mallory.example`),
        rules: Array.from({ length: 2 }, (_, at) =>
          rule(Array.from({ length: 64 }, (_, index) => ({ method: { service: `s${at}`, method: `m${index}` } }))),
        ),
      }),
    ),
    attack(
      "copies to others",
      grpcRoute(mine(), {
        hostnames: ["g.mallory.example"],
        rules: [
          rule([{}], {
            filters: [
              { type: "RequestMirror", requestMirror: { backendRef: backendRef("app", { namespace: "ns-api" }) } },
            ],
          }),
        ],
      }),
    ),
  ],
};

function session(sessionPersistence: PlainObject): PlainObject {
  return { ...rule([prefix("/")]), sessionPersistence };
}

const names = [
  "session",
  "a=b; Domain=example.com",
  "a\r\nset-cookie: b=c",
  "__Host-x",
  "x".repeat(128),
  "%REQ(x)%",
  "ä",
];

export const sessions: Family = {
  name: "sessions",
  attacks: [
    ...names.flatMap((sessionName) => [
      attack(`a cookie ${sessionName}`, grab(["s.mallory.example"], [session({ sessionName, type: "Cookie" })])),
      attack(
        `a cookie called ${sessionName}`,
        grab(["s.mallory.example"], [session({ cookie: { name: sessionName } })]),
      ),
      attack(
        `a header ${sessionName}`,
        grab(["s.mallory.example"], [session({ type: "Header", header: { name: sessionName } })]),
      ),
    ]),
    ...["/", "/../", "/; Domain=example.com", "x", ""].map((path) =>
      attack(`a cookie for the path ${path}`, grab(["s.mallory.example"], [session({ cookie: { name: "s", path } })])),
    ),
    ...["0s", "99999h99999h99999h99999h", "-1s", "1d"].map((absoluteTimeout) =>
      attack(
        `a lifetime of ${absoluteTimeout}`,
        grab(
          ["s.mallory.example"],
          [session({ absoluteTimeout, type: "Cookie", cookie: { lifetimeType: "Permanent" } })],
        ),
      ),
    ),
    attack(
      "sessions below another's path",
      httpRoute(mine(), {
        parentRefs: [{ ...sharedGateway, sectionName: "shared" }],
        rules: [{ ...session({ type: "Cookie" }), matches: [prefix("/careers"), prefix("/own")] }],
      }),
    ),
    attack("a session for another's host", grab(["api.techresolve.com"], [session({ type: "Cookie" })])),
    attack(
      "a session of a GRPCRoute",
      grpcRoute(mine(), {
        hostnames: ["rpc.example.com", "g.mallory.example"],
        rules: [{ ...rule([{}]), sessionPersistence: {} }],
      }),
    ),
  ],
};
