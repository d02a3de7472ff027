import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readManifests } from "./manifests.ts";
import { formatProblem } from "./problem.ts";

function read(text: string, path = "a.yaml") {
  const { objects, problems } = readManifests([{ path, text }]);
  return {
    get: (key: string) => objects.find((entry) => entry.key === key)?.object,
    keys: objects.map(({ key }) => key).filter((key) => !key.startsWith("Namespace/")),
    lines: problems.map(formatProblem),
  };
}

const gateway = "gateway.networking.k8s.io";
const route = (name: string, spec: string) =>
  `apiVersion: ${gateway}/v1\nkind: HTTPRoute\nmetadata: {name: ${name}, namespace: httpbin}\nspec: ${spec}\n`;

describe("defaults, as the API server has them", () => {
  it.each([
    {
      name: "an HTTPRoute without rules matches everything",
      text: route("r", "{}"),
      want: { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }] },
    },
    {
      name: "null is the same as nothing",
      text: route("r", "{hostnames: null, rules: [{matches: null, filters: null}]}"),
      want: { rules: [{ matches: [{ path: { type: "PathPrefix", value: "/" } }] }] },
    },
    {
      name: "matches, parents, backends and filters get theirs",
      text: route(
        "r",
        "{parentRefs: [{name: g}], rules: [{matches: [{headers: [{name: a, value: b}]}, {path: {value: /x}}], retry: {}, filters: [{type: CORS, cors: {}}], backendRefs: [{name: s, port: 80, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 1}, fraction: {numerator: 5}}}]}]}, {filters: [{type: RequestRedirect, requestRedirect: {}}]}]}",
      ),
      want: {
        parentRefs: [{ group: gateway, kind: "Gateway", name: "g" }],
        rules: [
          {
            matches: [
              { path: { type: "PathPrefix", value: "/" }, headers: [{ type: "Exact", name: "a", value: "b" }] },
              { path: { type: "PathPrefix", value: "/x" } },
            ],
            retry: { attempts: 1 },
            filters: [{ type: "CORS", cors: { maxAge: 5 } }],
            backendRefs: [
              {
                group: "",
                kind: "Service",
                name: "s",
                port: 80,
                weight: 1,
                filters: [
                  {
                    type: "RequestMirror",
                    requestMirror: {
                      backendRef: { group: "", kind: "Service", name: "m", port: 1 },
                      fraction: { numerator: 5, denominator: 100 },
                    },
                  },
                ],
              },
            ],
          },
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            filters: [{ type: "RequestRedirect", requestRedirect: { statusCode: 302 } }],
          },
        ],
      },
    },
  ])("$name", ({ text, want }) => {
    const { get, lines } = read(text);
    expect(lines).toEqual([]);
    expect(get("HTTPRoute/httpbin/r")).toMatchObject({ spec: want });
    expect(get("HTTPRoute/httpbin/r")).toHaveProperty("spec.rules.length", want.rules.length);
  });

  it("are written into a Gateway only where the object around them is there", () => {
    const { get, lines } = read(
      `apiVersion: ${gateway}/v1beta1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: c, addresses: [{value: 10.0.0.1}], allowedListeners: {}, listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}, allowedRoutes: {kinds: [{kind: HTTPRoute}]}}]}`,
    );
    expect(lines).toEqual([]);
    expect(get("Gateway/default/g")).toEqual({
      apiVersion: `${gateway}/v1`,
      kind: "Gateway",
      metadata: { name: "g", namespace: "default", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" },
      spec: {
        gatewayClassName: "c",
        addresses: [{ type: "IPAddress", value: "10.0.0.1" }],
        allowedListeners: { namespaces: { from: "None" } },
        listeners: [
          { name: "a", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } },
          {
            name: "b",
            port: 443,
            protocol: "HTTPS",
            tls: { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: "x" }] },
            allowedRoutes: { kinds: [{ group: gateway, kind: "HTTPRoute" }], namespaces: { from: "Same" } },
          },
        ],
      },
    });
  });

  it("complete Services, EndpointSlices and Secrets", () => {
    const { get, lines } = read(`apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}]}}
- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: e}, addressType: IPv4, endpoints: [{addresses: [127.0.0.1]}], ports: [{port: 80}]}
- {apiVersion: v1, kind: Secret, metadata: {name: x}, stringData: {a: hello, b: new}, data: {b: b2xk, c: "aGVs\\nbG8="}}
`);
    expect(lines).toEqual([]);
    expect(get("Service/default/s")).toMatchObject({
      spec: { type: "ClusterIP", ports: [{ port: 80, protocol: "TCP", targetPort: 80 }] },
    });
    expect(get("EndpointSlice/default/e")).toMatchObject({ ports: [{ name: "", port: 80, protocol: "TCP" }] });
    const secret = get("Secret/default/x");
    expect(secret).toMatchObject({ type: "Opaque", data: { a: "aGVsbG8=", b: "bmV3", c: "aGVsbG8=" } });
    expect(secret).not.toHaveProperty("stringData");
  });
});

describe("metadata", () => {
  it("leaves out what the server or kubectl wrote, and reads times in any zone", () => {
    const { get, lines } = read(`apiVersion: ${gateway}/v1
kind: HTTPRoute
metadata:
  name: r
  uid: abc
  generation: 7
  resourceVersion: "5"
  creationTimestamp: 2026-01-01T01:00:00.5+01:00
  managedFields: [{manager: kubectl}]
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", mine: "1"}
spec: {}
status: {parents: []}
`);
    expect(lines).toEqual([]);
    expect(get("HTTPRoute/default/r")?.metadata).toEqual({
      name: "r",
      namespace: "default",
      uid: "abc",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    });
    expect(get("HTTPRoute/default/r")).not.toHaveProperty("status");
  });

  it("counts an object with a broken time as created at the epoch, and says so", () => {
    const { get, lines } = read(
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: n, creationTimestamp: yesterday}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: m, creationTimestamp: null}\n`,
    );
    expect(get("Namespace/n")?.metadata.creationTimestamp).toBe("1970-01-01T00:00:00Z");
    expect(lines).toEqual([
      'a.yaml, document 1, Namespace n: metadata.creationTimestamp is not a time such as 2026-01-31T12:00:00Z (is "yesterday"); the object counts as created in 1970',
    ]);
  });

  it("gives every Namespace the label with its name, whatever the file says", () => {
    const { get } = read(
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: n, labels: {kubernetes.io/metadata.name: other, a: b}}\n---\n${route("r", "{}")}`,
    );
    expect(get("Namespace/n")?.metadata.labels).toEqual({ "kubernetes.io/metadata.name": "n", a: "b" });
    expect(get("Namespace/httpbin")?.metadata.labels).toEqual({ "kubernetes.io/metadata.name": "httpbin" });
  });
});

describe("what cannot be taken", () => {
  const secret = (data: string) => `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n${data}\n`;

  it.each([
    {
      name: "a value outside its limits",
      text: route("httpbin", "{rules: [{backendRefs: [{name: s, port: 70000}]}]}"),
      lines: [
        "a.yaml, document 1, HTTPRoute httpbin/httpbin: spec.rules[0].backendRefs[0].port must be ≤ 65535 (is 70000)",
      ],
    },
    {
      name: "a field that does not exist",
      text: route("r", "{rules: [{backends: []}]}"),
      lines: ["a.yaml, document 1, HTTPRoute httpbin/r: spec.rules[0].backends is not a field that exists"],
    },
    {
      name: "a rule that does not hold",
      text: route("r", "{rules: [{backendRefs: [{name: s}]}]}"),
      lines: [
        "a.yaml, document 1, HTTPRoute httpbin/r: spec.rules[0].backendRefs[0] must have a port, as it refers to a Service",
      ],
    },
    {
      name: "a value that is very long is cut",
      text: route("r", `{hostnames: ["${"A".repeat(300)}"]}`),
      lines: [
        "a.yaml, document 1, HTTPRoute httpbin/r: spec.hostnames[0] must have at most 253 characters " +
          `(is "${"A".repeat(79)}…)`,
        "a.yaml, document 1, HTTPRoute httpbin/r: spec.hostnames[0] must be a host name in lower case, without port or trailing dot, " +
          `optionally with '*.' in front (is "${"A".repeat(79)}…)`,
      ],
    },
    {
      name: "an unknown kind",
      text: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n",
      lines: [
        'a.yaml, document 1, Deployment d: is of a kind that Gatehouse does not read ("Deployment" of "apps/v1"); it is ignored',
      ],
    },
    {
      name: "a known kind of somebody else's group",
      text: "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: d}\n",
      lines: [
        'a.yaml, document 1, Gateway d: is of a kind that Gatehouse does not read ("Gateway" of "networking.istio.io/v1"); it is ignored',
      ],
    },
    {
      name: "a version that is not served",
      text: `apiVersion: ${gateway}/v1alpha2\nkind: ReferenceGrant\nmetadata: {name: g}\nspec: {}\n`,
      lines: [
        `a.yaml, document 1, ReferenceGrant default/g: apiVersion must be ${gateway}/v1 or ${gateway}/v1beta1 (is "${gateway}/v1alpha2")`,
      ],
    },
    {
      name: "a key that is written twice",
      text: "apiVersion: v1\na: {b: 1, b: 2}\n",
      lines: ["a.yaml, document 1: a.b is written twice"],
    },
    {
      name: "no object",
      text: "- 1\n",
      lines: ["a.yaml, document 1: is not a Kubernetes object (a mapping with apiVersion, kind and metadata)"],
    },
    {
      name: "a namespace on an object that has none",
      text: `apiVersion: v1\nkind: Namespace\nmetadata: {name: n, namespace: m}\n`,
      lines: [
        "a.yaml, document 1, Namespace n: metadata.namespace must not be there, as a Namespace belongs to no namespace",
      ],
    },
    {
      name: "names that are no names",
      text: `apiVersion: v1\nkind: Service\nmetadata: {name: "a/b\\n"}\nspec: {ports: [{port: 1}]}\n`,
      lines: [
        `a.yaml, document 1, Service default/"a/b\\n": metadata.name must be a DNS label (lower-case letters, digits and '-') (is "a/b\\n")`,
      ],
    },
    {
      name: "the data of a Secret, without showing it",
      text: secret("data: {a: hunter2!, b: 12345}"),
      lines: ["a.yaml, document 1, Secret default/s: data.b must be a string"],
    },
    {
      name: "data of a Secret that is not base64, without showing it",
      text: secret("data: {a: hunter2!}"),
      lines: ['a.yaml, document 1, Secret default/s: has a value in data["a"] that is not base64'],
    },
    {
      name: "YAML that does not parse, without quoting it",
      text: secret("stringData: {a: hunter2"),
      lines: [
        "a.yaml, document 1: is not valid YAML: line 5, column 1: the indentation does not fit the lines above, or a bracket in them is not closed",
      ],
    },
  ])("is told in plain words: $name", ({ text, lines }) => {
    const result = read(text);
    expect(result.lines).toEqual(lines);
    expect(result.keys).toEqual([]);
  });

  it("keeps none of the other documents back", () => {
    const { keys, lines } = read(`a: [\n---\n${route("one", "{}")}---\nkind: Nothing\n---\n${route("two", "{}")}`);
    expect(keys).toEqual(["HTTPRoute/httpbin/one", "HTTPRoute/httpbin/two"]);
    expect(lines).toHaveLength(2);
  });

  it("is the second of two definitions, by path and then by document", () => {
    const { objects, problems } = readManifests([
      { path: "b.yaml", text: route("r", "{hostnames: [b.example.com]}") },
      { path: "a.yaml", text: `${route("r", "{hostnames: [a.example.com]}")}---\n${route("r", "{}")}` },
    ]);
    expect(objects.find(({ kind }) => kind === "HTTPRoute")?.object).toMatchObject({
      spec: { hostnames: ["a.example.com"] },
    });
    expect(problems.map(formatProblem)).toEqual([
      "a.yaml, document 2, HTTPRoute httpbin/r: is already in document 1 of this file; this one is ignored",
      "b.yaml, document 1, HTTPRoute httpbin/r: is already in a.yaml; the one in b.yaml is ignored",
    ]);
  });
});

describe("hostile input", () => {
  it("finds nothing special in the names of JavaScript's own properties", () => {
    const { get, lines } = read(`apiVersion: v1
kind: ConfigMap
metadata: {name: constructor, namespace: prototype, labels: {constructor: x}, annotations: {toString: y}}
data: {__proto__: polluted, constructor: z, hasOwnProperty: w}
---
apiVersion: ${gateway}/v1
kind: HTTPRoute
metadata: {name: r, __proto__: {namespace: infra}}
spec: {__proto__: {hostnames: [stolen.example.com]}, rules: [{constructor: 1}]}
`);
    const map = get("ConfigMap/prototype/constructor");
    expect(map?.metadata.labels?.["constructor"]).toBe("x");
    expect(map?.metadata.labels?.["toString"]).toBeUndefined();
    expect(map !== undefined && "data" in map && Object.entries(map.data ?? {})).toEqual([
      ["__proto__", "polluted"],
      ["constructor", "z"],
      ["hasOwnProperty", "w"],
    ]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(lines).toEqual([
      "a.yaml, document 2, HTTPRoute default/r: metadata.__proto__ is not a field that exists",
      "a.yaml, document 2, HTTPRoute default/r: spec.__proto__ is not a field that exists",
      "a.yaml, document 2, HTTPRoute default/r: spec.rules[0].constructor is not a field that exists",
    ]);
  });

  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    .concat(Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]`))
    .join("\n");

  it.each([
    { name: "aliases that multiply", text: bomb, message: /too many values, or aliases that multiply/ },
    { name: "an alias within itself", text: "a: &a [*a]", message: /an alias that names itself/ },
    { name: "nesting without end", text: `a: ${"[".repeat(50_000)}`, message: /nests too deeply/ },
    { name: "deep nesting", text: `a: ${"[".repeat(300)}${"]".repeat(300)}`, message: /deeper than 100 levels/ },
    { name: "a mapping as a key", text: "{a: 1}: b", message: /a key that is not text/ },
    { name: "a tag that makes something else", text: "a: !!binary aGk=", message: /tag that is not supported/ },
    {
      name: "control characters in a path",
      text: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: a, "x\\e[31m": 1}',
      message: /metadata\["x\\u001b\[31m"\]/,
    },
  ])("is refused: $name", ({ text, message }) => {
    const { lines, keys } = read(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(message);
    expect(keys).toEqual([]);
  });

  it("is not matched against a pattern when it is longer than the pattern allows", () => {
    const long = "a".repeat(1_000_000);
    const { lines } = read(
      `apiVersion: ${gateway}/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {gatewayClassName: c, listeners: [{name: a, port: 1, protocol: "${long}!"}], addresses: [{type: "${long}!", value: x}]}`,
    );
    expect(lines).toHaveLength(4);
  });
});

it("throws at nothing", () => {
  const pieces = [
    "spec",
    ":",
    " ",
    "\n",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<",
    "---\n",
    "null",
    '"',
    "'",
    "|",
    "\t",
    "__proto__",
    "kind: List\n",
    "items",
    "1e999",
    ".nan",
    "!!map ",
  ];
  const start = route("r", "{rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: s, port: 80}]}]}");
  const edit = fc.record({
    at: fc.nat(start.length),
    cut: fc.nat(20),
    put: fc.array(fc.constantFrom(...pieces), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
      const text = edits.reduce(
        (before, { at, cut, put }) => before.slice(0, at) + put.join("") + before.slice(at + cut),
        start,
      );
      const { objects, problems } = readManifests([{ path: "a.yaml", text }]);
      for (const { object } of objects) expect(object.metadata.name).toMatch(/^[a-z0-9]/);
      for (const problem of problems) expect(formatProblem(problem)).not.toMatch(/[\n\t]/);
    }),
    { numRuns: 500, seed: 7 },
  );
});

describe("files", () => {
  it("may be JSON, indented with tabs", () => {
    const text = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } }, undefined, "\t");
    expect(read(text, "a.json").get("Namespace/n")).toBeDefined();
  });

  it("may have line ends of Windows, comments, empty documents, end marks and merge keys", () => {
    const { get, lines } = read(
      "# first\r\n---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata: &m {name: a}\r\ndata: {k: |\r\n    x}\r\n".replace(
        "{k: |\r\n    x}",
        "{k: x}",
      ) +
        "---\r\n# nothing\r\n---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata: {<<: {name: b, namespace: x}, name: c}\r\n...\r\n",
    );
    expect(lines).toEqual([]);
    expect(get("ConfigMap/default/a")).toMatchObject({ data: { k: "x" } });
    expect(get("ConfigMap/x/c")).toBeDefined();
  });
});
