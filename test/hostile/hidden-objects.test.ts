/** What others have and nobody granted is told to nobody: the attacker reads the same whether or not it is there. */
import { expect, it } from "vitest";
import { parseObjectKey } from "../../src/core/keys.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { type HostileControlPlane, type ObjectChange, startHostileControlPlane } from "./control-plane.ts";
import {
  backendRef,
  backendTlsPolicy,
  configMap,
  connectionRoute,
  endpointSlice,
  gateway,
  grpcRoute,
  httpRoute,
  listener,
  listenerSet,
  listenerSetRef,
  type Manifest,
  object,
  type PlainObject,
  prefix,
  service,
  sharedGateway,
} from "./objects.ts";
import { attacker, podAddressOf, tenantWorld, tlsSecret } from "./tenants.ts";

const authority = await createCertificateAuthority();
const certificate = await issueCertificate(authority, { names: ["store.example.net", "*.example.com"] });
const theirs = (name: string) => ({ namespace: "ns-api", name });

/** Objects that are there in one of two worlds. A Gateway that is named as a parent tells that it is there, as specified. */
const hidden: readonly Manifest[] = [
  service(theirs("one"), { ports: [{ name: "http", port: 80, protocol: "TCP", appProtocol: "https" }] }),
  service(theirs("two"), { type: "ExternalName", externalName: "x.example" }),
  tlsSecret("ns-api", certificate, "one"),
  object("v1", "Secret", theirs("two"), { type: "Opaque", data: {} }),
  configMap(theirs("one"), { "ca.crt": authority.certificatePem }),
  configMap(theirs("two"), { "ca.crt": "none" }),
  backendTlsPolicy(theirs("one"), {
    targetRefs: [{ group: "", kind: "Service", name: "one" }],
    validation: { hostname: "a.example", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "one" }] },
  }),
];

/** Objects of the attacker's that refer to anything anywhere, one after the other. */
class Generator {
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  next(): Manifest {
    const rules = [{ matches: [prefix(`/${this.#below(3)}`)], backendRefs: [this.#backend(), this.#backend()] }];
    const route = { parentRefs: [this.#parent()], hostnames: [this.#host()] };
    const forwarding = { parentRefs: [this.#parent()], rules: [{ backendRefs: [this.#backend()] }] };
    const filters = [{ type: "RequestMirror", requestMirror: { backendRef: this.#backend() } }];
    const policy = { targetRefs: [{ group: "", kind: "Service", name: this.#name() }] };
    const ca = this.#secretive("ConfigMap");
    return this.#pick([
      () => httpRoute(this.#mine(), { ...route, rules }),
      () => httpRoute(this.#mine(), { ...route, rules: rules.map((rule) => ({ ...rule, filters })) }),
      () => grpcRoute(this.#mine(), { ...route, rules: [{ backendRefs: [this.#backend()], filters }] }),
      () => connectionRoute("TLSRoute", this.#mine(), { ...forwarding, hostnames: [this.#host()] }),
      () => connectionRoute("TCPRoute", this.#mine(), forwarding),
      () => connectionRoute("UDPRoute", this.#mine(), forwarding),
      () => listenerSet(this.#mine("set"), [listener("a", 443, { hostname: this.#host() }, this.#secretive("Secret"))]),
      () => gateway(this.#mine("gw"), { listeners: [listener("a", 443, {}, this.#secretive("Secret"))] }),
      () =>
        gateway(this.#mine("gw"), {
          listeners: [listener("a", 443, {}, { name: "tls" })],
          tls: {
            backend: { clientCertificateRef: this.#secretive("Secret") },
            frontend: { default: { validation: { caCertificateRefs: [ca] } } },
          },
        }),
      () =>
        backendTlsPolicy(this.#mine(), { ...policy, validation: { hostname: "a.example", caCertificateRefs: [ca] } }),
      () => endpointSlice(this.#mine(), this.#name(), { address: "192.0.2.1", port: 80 }),
      () => service({ namespace: attacker, name: this.#name() }),
    ])();
  }

  #below(count: number): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return (this.#seed >> 8) % count;
  }

  #pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.#below(choices.length)] ?? choices[0];
  }

  #name(): string {
    return this.#pick(["one", "two", "none", "app"]);
  }

  #mine(name = `grab-${this.#below(3)}`) {
    return { namespace: attacker, name };
  }

  #host(): string {
    return this.#pick(["a.mallory.example", "*.mallory.example", "b.mallory.example"]);
  }

  #secretive(kind: string): PlainObject {
    return { group: "", kind, namespace: this.#pick(["ns-api", attacker]), name: this.#name() };
  }

  #backend(): PlainObject {
    return backendRef(this.#name(), { namespace: this.#pick(["ns-api", attacker]), port: this.#pick([80, 81]) });
  }

  #parent(): PlainObject {
    const sectionName = this.#pick(["http", "https", "tls", "tcp", "udp", "none"]);
    return this.#pick([sharedGateway, { ...sharedGateway, sectionName }, listenerSetRef(attacker, "set")]);
  }
}

it.each([1, 2, 3])(
  "nothing that the attacker writes tells what others have (%i)",
  async (seed) => {
    const placement = { kind: "cluster", bindAddresses: ["0.0.0.0"] } as const;
    const world = tenantWorld(podAddressOf, certificate);
    const without = await startHostileControlPlane(placement, world);
    const withThem = await startHostileControlPlane(placement, [...world, ...hidden]);
    const generator = new Generator(seed);
    let taken = 0;
    for (let round = 0; round < 150; round++) {
      const change: ObjectChange = { manifest: generator.next(), ...(round % 5 === 4 && { deleted: true }) };
      taken += 1 - without.apply([change]).refused;
      withThem.apply([change]);
      expect(told(withThem)).toEqual(told(without));
    }
    expect(taken).toBeGreaterThan(100);
    expect(told(without).size).toBeGreaterThan(3);
    await without.stop();
    await withThem.stop();
  },
  60_000,
);

function told({ statuses }: HostileControlPlane): ReadonlyMap<string, unknown> {
  return new Map([...statuses].filter(([key]) => parseObjectKey(key).name.split("/")[0] === attacker));
}
