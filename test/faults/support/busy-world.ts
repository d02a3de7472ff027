import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import type { Backends } from "./backends.ts";
import { EndpointChurn } from "./endpoint-churn.ts";
import type { LoadTarget } from "./load.ts";
import { type ListenerFields, type Manifests, namespace, platform, route, service, tlsSecret } from "./manifests.ts";

/** Rules of the route whose order changes; the longer paths lie within the shorter ones. */
const paths = ["/", "/a", "/a/b", "/a/b/c", "/d", "/d/e", "/f", "/g", "/g/h", "/i"] as const;

export const ports = { http: 8080, https: 8443, firstMore: 9000 } as const;
export const hosts = { flipped: "flipped.example.com", rules: "rules.example.com", tls: "tls.example.com" } as const;

/** A Gateway's configuration that changes in every way at once. Each change is one that must not be felt. */
export class BusyWorld {
  readonly churn: EndpointChurn;
  readonly #manifests: Manifests;
  readonly #backends: Backends;
  readonly #authority: CertificateAuthority;
  readonly #more = new Map<string, ListenerFields>();
  #flips = 0;
  #orders = 0;

  constructor(manifests: Manifests, backends: Backends, authority: CertificateAuthority) {
    this.#manifests = manifests;
    this.#backends = backends;
    this.#authority = authority;
    this.churn = new EndpointChurn({ manifests, backends, services: 20, endpointsEach: 5 });
  }

  static async create(manifests: Manifests, backends: Backends): Promise<BusyWorld> {
    const world = new BusyWorld(manifests, backends, await createCertificateAuthority());
    await world.#writeAll();
    return world;
  }

  /** The authority of every certificate. */
  get authority(): string {
    return this.#authority.certificatePem;
  }

  /** What is asked all the time: every kind of change falls on some of it. */
  targets(address: string): readonly LoadTarget[] {
    const ask = (id: string, fields: Omit<LoadTarget, "id" | "address">) => ({ id, address, ...fields });
    const { http: port, https } = ports;
    return [
      ask("flipped", { port, host: hosts.flipped, path: "/" }),
      ask("flipped, HTTP/2", { port, host: hosts.flipped, path: "/", protocol: "http2" }),
      ...paths.map((path, index) => {
        return ask(`rule ${path}`, { port, host: hosts.rules, path, backends: [this.#address(10 + index)] });
      }),
      ...this.churn.hosts.slice(0, 5).map((host) => ask(host, { port, host, path: "/" })),
      ask("TLS", { port: https, host: hosts.tls, path: "/", authority: this.authority }),
      ask("TLS, HTTP/2", { port: https, host: hosts.tls, path: "/", authority: this.authority, protocol: "http2" }),
    ];
  }

  /** Points the route to another Service; every other time to one that has not been there before. */
  async flip(): Promise<void> {
    this.#flips += 1;
    const backend = `flip-${this.#flips % 2 === 0 ? 0 : this.#flips}`;
    const addresses = [this.#address(this.#flips % 10)];
    await this.#manifests.write(
      "flipped.yaml",
      route("flipped", { host: hosts.flipped, rules: [{ path: "/", backend }] }),
      ...service(backend, { addresses, port: this.#backends.port }),
    );
  }

  /** Writes the same rules in another order; a longer path counts before a shorter one whatever the order. */
  async reorder(): Promise<void> {
    this.#orders += 1;
    const rules = paths.map((path, index) => ({ path, backend: `rule-${index}` }));
    const turned = [...rules.slice(this.#orders % rules.length), ...rules.slice(0, this.#orders % rules.length)];
    await this.#manifests.write("rules.yaml", route("rules", { host: hosts.rules, rules: turned }));
  }

  /** Another certificate for the TLS listeners. */
  async rotate(): Promise<void> {
    const certificate = await issueCertificate(this.#authority, { names: ["*.example.com", "*.example.net"] });
    await this.#manifests.write("secret.yaml", tlsSecret("certificate", certificate));
  }

  /** Adds a listener on a port of its own, or one for a hostname of its own on the TLS port; gives what may be asked then. */
  async addListener(index: number, address: string): Promise<LoadTarget> {
    // Nobody has served it before: a listener takes no request from another one.
    const host = `more-${index}.example.net`;
    const name = `more-${index}`;
    const isTls = index % 2 === 1;
    const port = isTls ? ports.https : ports.firstMore + index;
    this.#more.set(name, { name, port, hostname: host, ...(isTls && { secret: "certificate" }) });
    const rules = [{ path: "/", backend: "rule-0" }];
    await this.#manifests.write(`more-${index}.yaml`, route(name, { host, rules }));
    await this.#writePlatform();
    return { id: name, address, port, host, path: "/", ...(isTls && { authority: this.authority }) };
  }

  async removeListener(index: number): Promise<void> {
    this.#more.delete(`more-${index}`);
    await this.#writePlatform();
    await this.#manifests.remove(`more-${index}.yaml`);
  }

  async #writeAll(): Promise<void> {
    await this.#writePlatform();
    await this.#manifests.write("shop.yaml", namespace("shop"));
    const { port } = this.#backends;
    const backends = paths.map((_, index) =>
      service(`rule-${index}`, { addresses: [this.#address(10 + index)], port }),
    );
    await this.#manifests.write("services.yaml", ...backends.flat());
    const rules = [{ path: "/", backend: "rule-0" }];
    await this.#manifests.write("tls.yaml", route("tls", { host: hosts.tls, rules }));
    await this.flip();
    await this.reorder();
    await this.rotate();
    await this.churn.writeAll();
  }

  #writePlatform(): Promise<void> {
    const listeners: readonly ListenerFields[] = [
      { name: "http", port: ports.http },
      { name: "https", port: ports.https, hostname: "*.example.com", secret: "certificate" },
      ...this.#more.values(),
    ];
    return this.#manifests.write("platform.yaml", ...platform("shared", ...listeners));
  }

  #address(index: number): string {
    return this.#backends.addresses[index % this.#backends.addresses.length] ?? "";
  }
}
