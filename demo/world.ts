import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  issueCertificate,
} from "../test/support/certificates.ts";
import { type AddressBlock, claimAddressBlock } from "./address-block.ts";
import { startBackend } from "./backend.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import { secretManifest } from "./secret-manifest.ts";
import type { Article, GatewayName } from "./step.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface WorldOptions {
  readonly repository: string;
  readonly articles: readonly Article[];
  /** Manifests to leave out, by their path below the examples: the demo's checks must notice. */
  readonly without?: readonly string[];
  /** A control plane that has stopped before the proxies start: the demo's checks must notice. */
  readonly controlPlane?: "running" | "stopped";
}

/** What is there once everything has started. */
export interface World {
  readonly workspace: Workspace;
  readonly controlPlane: ControlPlane;
  readonly proxies: ReadonlyMap<GatewayName, RunningProxy>;
  /** Certificates that the demo's client trusts. */
  readonly authorities: readonly string[];
  startProxy(gateway: GatewayName): Promise<void>;
  stop(): Promise<void>;
}

/** Starts backends, control plane and proxies on loopback addresses of their own; stops all of them when one fails. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const stops = new StopList();
  try {
    const block = await claimAddressBlock(process.pid);
    stops.add(() => block.release());
    const workspace = makeWorkspace(options, block);
    stops.add(() => workspace.remove());
    const authority = await createCertificateAuthority("Gatehouse demo");
    await writeCertificates(options.articles, workspace, authority);
    const authorities = [authority.certificatePem];
    await startBackends(options.articles, { block, stops, authority });
    const controlPlane = await startControlPlane({
      repository: options.repository,
      manifests: workspace.manifests,
      folder: workspace.root,
      address: block.place("127.0.0.1"),
    });
    stops.add(() => controlPlane.process.stop());
    if (options.controlPlane === "stopped") await controlPlane.process.stop();
    const fleet = new Fleet(options.repository, workspace, controlPlane);
    stops.add(() => fleet.stop());
    await Promise.all(options.articles.flatMap(({ gateways }) => gateways).map((gateway) => fleet.start(gateway)));
    return {
      workspace,
      controlPlane,
      proxies: fleet.proxies,
      authorities,
      startProxy: (gateway) => fleet.start(gateway),
      stop: () => stops.run(),
    };
  } catch (error) {
    await stops.run();
    throw error;
  }
}

/** What has to be undone, the last first. */
class StopList {
  readonly #stops: (() => Promise<void> | void)[] = [];

  add(stop: () => Promise<void> | void): void {
    this.#stops.push(stop);
  }

  async run(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** One proxy for each Gateway. */
class Fleet {
  readonly proxies = new Map<GatewayName, RunningProxy>();
  readonly #repository: string;
  readonly #workspace: Workspace;
  readonly #controlPlane: ControlPlane;

  constructor(repository: string, workspace: Workspace, controlPlane: ControlPlane) {
    this.#repository = repository;
    this.#workspace = workspace;
    this.#controlPlane = controlPlane;
  }

  async start(gateway: GatewayName): Promise<void> {
    const bootstrap = await this.#controlPlane.bootstrap(gateway);
    const folder = join(this.#workspace.root, "proxies");
    mkdirSync(folder, { recursive: true });
    const envoy = join(this.#repository, ".tools/envoy/envoy");
    this.proxies.set(gateway, startProxy({ gateway, bootstrap, folder, envoy }));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.proxies.values()].map(({ process }) => process.stop()));
  }
}

function makeWorkspace({ repository, articles, without = [] }: WorldOptions, block: AddressBlock): Workspace {
  const later = articles.flatMap((article) => article.later.map((file) => `${article.folder}/${file}`));
  return createWorkspace({
    examples: join(repository, "examples/shared-gateways"),
    block,
    folders: articles.map(({ folder }) => folder),
    later,
    without,
  });
}

/** Makes the certificates that the articles' Gateways ask for. */
async function writeCertificates(
  articles: readonly Article[],
  workspace: Workspace,
  authority: CertificateAuthority,
): Promise<void> {
  for (const { folder, certificates } of articles) {
    for (const request of certificates) {
      const issued = await issueCertificate(authority, { names: request.hostnames });
      workspace.write(join(folder, request.file), secretManifest(request, issued));
    }
  }
}

interface BackendPlace {
  readonly block: AddressBlock;
  readonly stops: StopList;
  /** Signs the certificates of backends that end TLS. */
  readonly authority: CertificateAuthority;
}

async function startBackends(articles: readonly Article[], { block, stops, authority }: BackendPlace): Promise<void> {
  for (const backend of articles.flatMap(({ backends }) => backends)) {
    const names = backend.hostname === undefined ? [] : [backend.hostname];
    const issued = names.length === 0 ? undefined : await issueCertificate(authority, { names });
    const certificate = issued && { cert: issued.certificatePem, key: issued.keyPem };
    const running = await startBackend({ ...backend, address: block.place(backend.address) }, certificate);
    stops.add(() => running.stop());
  }
}
