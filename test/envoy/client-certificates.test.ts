import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { namespacedName } from "../../src/core/keys.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  issueCertificate,
} from "../support/certificates.ts";
import { send } from "../support/client.ts";
import {
  authoritiesOf,
  backendOf,
  foundation,
  gatewayOf,
  httpsListenerOf,
  secretOf,
} from "../support/gateway-manifests.ts";
import { type ServedWorld, startServedWorld } from "../support/served-world.ts";
import { askOverTls, type TlsClient } from "./tls-client.ts";

/** Three ports that ask for the same authority, for another, and for none. */
const ports = { main: 8443, other: 9443, open: 7443, plain: 8080 } as const;
const host = "abc.example.com";
const edge = "Gateway/infra/edge" as const;

let world: ServedWorld;
let backend: Backend;
let server: CertificateAuthority;
let people: CertificateAuthority;
let machines: CertificateAuthority;
let person: IssuedCertificate;
let machine: IssuedCertificate;

beforeAll(async () => {
  server = await createCertificateAuthority("servers");
  people = await createCertificateAuthority("people");
  machines = await createCertificateAuthority("machines");
  const uris = ["spiffe://example.com/person"];
  person = await issueCertificate(people, { names: ["person.example.com"], usage: "client", uris });
  machine = await issueCertificate(machines, { names: ["machine.example.com"], usage: "client" });
  backend = await startBackend({ name: "cart" });
  world = await startServedWorld();
});

afterAll(async () => {
  await world?.stop();
  await backend?.stop();
});

const refs = (...names: readonly string[]) =>
  names.map((name) => `{ group: "", kind: ConfigMap, name: ${name} }`).join(", ");
const validation = (names: readonly string[], mode = "AllowValidOnly") =>
  `{ validation: { mode: ${mode}, caCertificateRefs: [${refs(...names)}] } }`;

/** The Gateway with this `spec.tls.frontend`. */
function gateway(frontend: string): string {
  const listeners = [
    httpsListenerOf("main", ports.main),
    httpsListenerOf("other", ports.other),
    httpsListenerOf("open", ports.open),
    `{ name: plain, port: ${ports.plain}, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }`,
  ];
  return gatewayOf(`tls: { frontend: ${frontend} }, listeners: [${listeners.join(", ")}]`);
}

const perPort = `perPort: [{ port: ${ports.other}, tls: ${validation(["machines"])} }, { port: ${ports.open}, tls: {} }]`;
const strictly = `{ default: ${validation(["people"])}, ${perPort} }`;

beforeEach(async () => {
  const certificate = await issueCertificate(server, { names: [host, "*.example.com"] });
  const authorities =
    authoritiesOf("people", people.certificatePem) + authoritiesOf("machines", machines.certificatePem);
  await world.apply(
    foundation + secretOf("server", certificate) + authorities + backendOf(backend) + gateway(strictly),
  );
});

const ask = (port: number, identity?: IssuedCertificate, more: Partial<TlsClient> = {}) =>
  askOverTls({
    address: world.address,
    port,
    serverName: host,
    authority: server.certificatePem,
    ...(identity && { identity }),
    ...more,
  });
const statusOf = async (port: number, identity?: IssuedCertificate, more: Partial<TlsClient> = {}) =>
  (await ask(port, identity, more)).status ?? "closed";

describe.each(["TLSv1.2", "TLSv1.3"] as const)("with %s", (version) => {
  it("a port lets in who shows a certificate of its authorities, and nobody else", async () => {
    expect({
      "main, own": await statusOf(ports.main, person, { version }),
      "main, another port's": await statusOf(ports.main, machine, { version }),
      "main, none": await statusOf(ports.main, undefined, { version }),
      "other, own": await statusOf(ports.other, machine, { version }),
      "other, the default's": await statusOf(ports.other, person, { version }),
      "open, none": await statusOf(ports.open, undefined, { version }),
      "open, any": await statusOf(ports.open, person, { version }),
    }).toEqual({
      "main, own": 200,
      "main, another port's": "closed",
      "main, none": "closed",
      "other, own": 200,
      "other, the default's": "closed",
      "open, none": 200,
      "open, any": 200,
    });
  });

  it("a session of a port without a check passes none with one, and no certificate is believed without a look at it", async () => {
    const own = await ask(ports.main, person, { version });
    const open = await ask(ports.open, person, { version });
    expect([own.status, open.status]).toEqual([200, 200]);
    const session = open.session as Buffer; // TLS servers give one
    // So the test sees what it is about: where it began, a session counts.
    expect(await ask(ports.open, undefined, { version, session })).toMatchObject({ status: 200, isResumed: true });
    expect(await ask(ports.main, undefined, { version, session })).toEqual({ isResumed: false });
    expect(await ask(ports.other, person, { version, session })).not.toHaveProperty("status");
    const again = await ask(ports.main, person, { version, ...(own.session && { session: own.session }) });
    expect(again).toMatchObject({ status: 200, isResumed: false });
  });

  it("the authorities that are there now decide", async () => {
    expect(await statusOf(ports.main, person, { version })).toBe(200);
    await world.apply(authoritiesOf("people", machines.certificatePem));
    expect(await statusOf(ports.main, person, { version })).toBe("closed");
    expect(await statusOf(ports.main, machine, { version })).toBe(200);
  });
});

it.each([
  { name: "an expired certificate", request: { notAfter: new Date(Date.now() - 60_000) }, strict: "closed" },
  { name: "one that is not valid yet", request: { notBefore: new Date(Date.now() + 3_600_000) }, strict: "closed" },
  { name: "one for servers only", request: { usage: "server" } as const, strict: "closed" },
  { name: "a good one", request: {}, strict: 200 },
])(
  "$name is let in only where anybody is, and told to backends only where it was checked",
  async ({ request, strict }) => {
    const identity = await issueCertificate(people, { names: ["person.example.com"], usage: "client", ...request });
    expect(await statusOf(ports.main, identity)).toBe(strict);
    await world.apply(gateway(`{ default: ${validation(["people"], "AllowInsecureFallback")} }`));
    const forged = { headers: ["x-forwarded-client-cert: Subject=admin"] };
    for (const shown of [identity, machine, undefined]) {
      const { status, seen } = await ask(ports.main, shown, forged);
      expect([status, seen?.headers["x-forwarded-client-cert"]]).toEqual([200, undefined]);
    }
    expect(world.conditions(edge)).toContain("InsecureFrontendValidationMode=True ConfigurationChanged");
    await world.apply(gateway(strictly));
    expect(world.conditions(edge).join()).not.toContain("InsecureFrontendValidationMode");
    expect(await statusOf(ports.main, machine)).toBe("closed");
  },
);

describe("what backends are told of clients", () => {
  const forged = { headers: ["x-forwarded-client-cert: Subject=admin", "X-Forwarded-Client-Cert: Hash=1"] };
  const told = async (port: number, identity?: IssuedCertificate) =>
    (await ask(port, identity, forged)).seen?.headers["x-forwarded-client-cert"];

  it("is what was checked", async () => {
    expect(await told(ports.main, person)).toMatch(
      /^Hash=[0-9a-f]{64};Subject="CN=person\.example\.com";URI=spiffe:\/\/example\.com\/person;DNS=person\.example\.com$/,
    );
    expect(await told(ports.other, machine)).toMatch(/^Hash=[0-9a-f]{64};Subject="CN=machine\.example\.com";URI=;DNS=/);
  });

  it("is never what they say themselves, in either protocol", async () => {
    expect(await told(ports.open, person)).toBeUndefined();
    const headers = [["x-forwarded-client-cert", "Subject=admin"]] as const;
    const plain = { address: world.address, port: ports.plain };
    const tls = { serverName: host, authority: server.certificatePem };
    const answers = [
      await send(plain, { host, headers }),
      await send(plain, { host, headers }, "http2"),
      await send({ ...plain, port: ports.open, tls }, { host, headers }, "http2"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { body } of answers) expect(JSON.parse(body).headers).not.toHaveProperty("x-forwarded-client-cert");
  });
});

describe("authorities that cannot be used", () => {
  interface Case {
    readonly name: string;
    readonly refs: string;
    readonly reason: string;
    readonly message: string;
  }

  const cases: readonly Case[] = [
    {
      name: "a ConfigMap that does not exist",
      refs: refs("nowhere"),
      reason: "InvalidCACertificateRef",
      message: "ConfigMap infra/nowhere does not exist",
    },
    {
      name: "a ConfigMap without ca.crt",
      refs: refs("empty"),
      reason: "InvalidCACertificateRef",
      message: "ConfigMap infra/empty has no ca.crt",
    },
    {
      name: "a ConfigMap with something else in it",
      refs: refs("broken"),
      reason: "InvalidCACertificateRef",
      message: "ConfigMap infra/broken has no certificate in ca.crt",
    },
    {
      name: "another kind",
      refs: `{ group: "", kind: Service, name: cart }`,
      reason: "InvalidCACertificateKind",
      message: "authorities of clients are read from a ConfigMap, not a Service",
    },
    {
      name: "another group",
      refs: `{ group: certificates.k8s.io, kind: ClusterTrustBundle, name: people }`,
      reason: "InvalidCACertificateKind",
      message: "authorities of clients are read from a ConfigMap, not a ClusterTrustBundle.certificates.k8s.io",
    },
    {
      name: "one of another namespace that is there, without a grant",
      refs: `{ group: "", kind: ConfigMap, name: people, namespace: shop }`,
      reason: "RefNotPermitted",
      message: "no ReferenceGrant lets a Gateway of infra refer to ConfigMap shop/people",
    },
    {
      name: "one of another namespace that is not there, without a grant",
      refs: `{ group: "", kind: ConfigMap, name: nobody, namespace: shop }`,
      reason: "RefNotPermitted",
      message: "no ReferenceGrant lets a Gateway of infra refer to ConfigMap shop/nobody",
    },
  ];
  const objects = () =>
    authoritiesOf("broken", "no PEM") +
    authoritiesOf("people", people.certificatePem, "shop") +
    `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: empty, namespace: infra }
`;
  const withRefs = (list: string, mode = "AllowValidOnly") =>
    gateway(`{ default: { validation: { mode: ${mode}, caCertificateRefs: [${list}] } }, ${perPort} }`);

  it.each(cases)("$name: alone it closes the ports, and no others", async ({ refs: bad, reason, message }) => {
    await world.apply(objects() + withRefs(bad));
    expect(world.conditions(edge, "main").slice(0, 3)).toEqual([
      "Accepted=False NoValidCACertificate",
      "Programmed=False Invalid",
      `ResolvedRefs=False ${reason}`,
    ]);
    expect(world.messages(edge, "main")).toContain(message);
    expect(world.conditions(edge).slice(0, 1)).toEqual(["Accepted=True ListenersNotValid"]);
    expect(world.conditions(edge)).toContain("ResolvedRefs=False ListenersNotResolved");
    expect(world.conditions(edge, "other")).toContain("ResolvedRefs=True ResolvedRefs");
    expect(world.conditions(edge, "plain")).toContain("Accepted=True Accepted");
    for (const identity of [person, machine, undefined]) expect(await statusOf(ports.main, identity)).toBe("closed");
    expect([await statusOf(ports.other, machine), await statusOf(ports.open)]).toEqual([200, 200]);
    expect((await send({ address: world.address, port: ports.plain }, { host })).status).toBe(200);
    await world.apply(withRefs(bad, "AllowInsecureFallback"));
    expect(await statusOf(ports.main, person)).toBe("closed");
  });

  it.each(cases)("$name: beside a good one it is told, and the good one counts", async ({ refs: bad, reason }) => {
    await world.apply(objects() + withRefs(`${bad}, ${refs("people")}`));
    expect(world.conditions(edge, "main").slice(0, 3)).toEqual([
      "Accepted=True Accepted",
      "Programmed=False Pending",
      `ResolvedRefs=False ${reason}`,
    ]);
    expect([await statusOf(ports.main, person), await statusOf(ports.main, machine)]).toEqual([200, "closed"]);
  });

  it("are used once a grant is there, and not any more once it is gone", async () => {
    const grant = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: authorities, namespace: shop }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: infra }]
  to: [{ group: "", kind: ConfigMap }]
`;
    await world.apply(objects() + withRefs(`{ group: "", kind: ConfigMap, name: people, namespace: shop }`) + grant);
    expect([await statusOf(ports.main, person), await statusOf(ports.main, machine)]).toEqual([200, "closed"]);
    await world.remove("ReferenceGrant", namespacedName("shop", "authorities"));
    expect(await statusOf(ports.main, person)).toBe("closed");
  });

  it("are several together: whoever one of them trusts is let in", async () => {
    await world.apply(withRefs(refs("people", "machines")));
    expect([await statusOf(ports.main, person), await statusOf(ports.main, machine)]).toEqual([200, 200]);
    expect(await statusOf(ports.main)).toBe("closed");
    await world.apply(authoritiesOf("people", machines.certificatePem));
    expect([await statusOf(ports.main, person), await statusOf(ports.main, machine)]).toEqual(["closed", 200]);
  });
});

it("a listener of protocol TLS asks for certificates where it ends TLS, and where it passes it on for none", async () => {
  const tls = (name: string, mode: string) => {
    const how = mode === "Terminate" ? "tls: { certificateRefs: [{ name: server }] }" : "tls: { mode: Passthrough }";
    const allowed = "allowedRoutes: { namespaces: { from: All } }";
    return `{ name: ${name}, port: ${ports.main}, protocol: TLS, hostname: ${name}.example.com, ${how}, ${allowed} }`;
  };
  const listeners = [tls("ends", "Terminate"), tls("passes", "Passthrough"), httpsListenerOf("main", ports.main)];
  const routes = ["ends", "passes"].map(
    (name) => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: ${name}, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: ${name} }]
  hostnames: [${name}.example.com]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
`,
  );
  const spec = `tls: { frontend: ${strictly} }, listeners: [${listeners.join(", ")}]`;
  await world.apply(gatewayOf(spec) + routes.join(""));
  const at = (serverName: string, identity?: IssuedCertificate) => statusOf(ports.main, identity, { serverName });
  expect([await at("ends.example.com", person), await at("ends.example.com", machine)]).toEqual([200, "closed"]);
  expect([await at("ends.example.com"), await at(host, person), await at(host)]).toEqual(["closed", 200, "closed"]);
  // The backend, which speaks no TLS, is what ends this one.
  expect(world.conditions(edge, "passes")).toContain("ResolvedRefs=True ResolvedRefs");
  expect(await at("passes.example.com")).toBe("closed");
  for (const name of ["ends", "passes"]) await world.remove("TLSRoute", namespacedName("shop", name));
});

describe("a ListenerSet", () => {
  const set = (protocol: "HTTP" | "HTTPS") => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: shop, namespace: shop }
spec:
  parentRef: { name: edge, namespace: infra }
  listeners:
    - name: set
      port: ${ports.main}
      protocol: ${protocol}
      ${protocol === "HTTPS" ? "hostname: set.example.com\n      tls: { certificateRefs: [{ name: server, namespace: infra }] }" : ""}
`;
  const grant = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: certificates, namespace: infra }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: ListenerSet, namespace: shop }]
  to: [{ group: "", kind: Secret }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: set, namespace: shop }
spec:
  parentRefs: [{ group: gateway.networking.k8s.io, kind: ListenerSet, name: shop }]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
`;
  const open = (frontend: string) =>
    gateway(frontend).replace("tls: {", "allowedListeners: { namespaces: { from: All } }, tls: {");
  const key = "ListenerSet/shop/shop" as const;
  const withSet = { serverName: "set.example.com" };

  it("has its clients checked as its Gateway says", async () => {
    await world.apply(open(strictly) + grant + set("HTTPS"));
    expect([await statusOf(ports.main, person, withSet), await statusOf(ports.main, machine, withSet)]).toEqual([
      200,
      "closed",
    ]);
    expect(await statusOf(ports.main, undefined, withSet)).toBe("closed");
  });

  it("is told that the Gateway's authorities are missing, and nothing of where they are", async () => {
    await world.apply(open(`{ default: ${validation(["nowhere"])} }`) + grant + set("HTTPS"));
    expect(world.conditions(key, "set").slice(0, 3)).toEqual([
      "Accepted=False NoValidCACertificate",
      "Programmed=False Invalid",
      "ResolvedRefs=False InvalidCACertificateRef",
    ]);
    expect(world.messages(key, "set")).not.toContain("nowhere");
    expect(world.messages(edge, "main")).toContain("nowhere");
  });

  it("does not get a port whose authorities are missing", async () => {
    await world.apply(open(`{ default: ${validation(["nowhere"])} }`) + grant + set("HTTP"));
    expect(world.conditions(key, "set")).toContain("Conflicted=True ProtocolConflict");
    await expect(send({ address: world.address, port: ports.main }, { host })).rejects.toThrow();
  });
});

it("a certificate of a client opens no other port on the connection that it was shown on", async () => {
  const tls = { serverName: host, authority: server.certificatePem };
  const answer = await send(
    { address: world.address, port: ports.open, tls },
    { host: `${host}:${ports.main}` },
    "http2",
  );
  // A port is a table of its own: the Host header leads to none but the one of the connection.
  expect([answer.status, JSON.parse(answer.body).headers["x-forwarded-client-cert"]]).toEqual([200, undefined]);
});
