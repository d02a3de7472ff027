import { Access } from "../admin/api/access.ts";
import { Identities } from "../admin/api/identities.ts";
import { TenantServer } from "../admin/api/tenant-server.ts";
import type { Explainer } from "../admin/explainer.ts";
import type { ControllerConfig } from "../controller-config.ts";
import type { KubeClient } from "../core/kube-client.ts";
import type { TlsMaterialSource } from "../core/tls-material.ts";
import type { Logger } from "../logger.ts";
import { formatListenAddress, type ListenAddress } from "../settings.ts";
import type { ChangeLedger } from "./change-ledger.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type Knowledge, TenantQuestions } from "./tenant-questions.ts";

export interface TenantEndpointOptions {
  readonly address: ListenAddress;
  readonly client: KubeClient;
  readonly material: TlsMaterialSource;
  readonly knowledge: Knowledge;
  readonly logger: Logger;
}

/** Where people with a Kubernetes identity ask a replica: every replica answers from its own translation. */
export class TenantEndpoint {
  readonly #address: ListenAddress;
  readonly #server: TenantServer;

  constructor({ address, client, material, knowledge, logger }: TenantEndpointOptions) {
    this.#address = address;
    const now = () => performance.now();
    const access = new Access({ client, now });
    const api = new TenantQuestions({ knowledge, access, now });
    this.#server = new TenantServer({ api, identities: new Identities({ client, now }), material, logger, now });
  }

  /** Opens the port and tells where it really is. Fails in words when it cannot be had. */
  async listen(): Promise<ListenAddress> {
    try {
      return await this.#server.listen(this.#address);
    } catch (error) {
      const address = formatListenAddress(this.#address);
      throw new Error(`cannot answer tenants on ${address}: ${String(error)}`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }
}

/** The parts of a replica that its tenants' questions are answered from. */
export interface TenantEndpointParts {
  readonly config: Pick<ControllerConfig, "api">;
  readonly api: KubeClient;
  readonly trust: TlsMaterialSource;
  readonly controlPlane: Pick<ControlPlane, "ready">;
  readonly explainer: Explainer;
  readonly ledger: Pick<ChangeLedger, "history">;
  readonly logger: Logger;
}

/** Makes the endpoint of a replica; undefined where none is wanted. */
export function createTenantEndpoint(parts: TenantEndpointParts): TenantEndpoint | undefined {
  const { config, api, trust, controlPlane, explainer, ledger, logger } = parts;
  if (config.api === undefined) return undefined;
  return new TenantEndpoint({
    address: config.api.address,
    client: api,
    material: trust,
    knowledge: {
      ...explainer,
      ready: () => controlPlane.ready,
      history: (question) => ledger.history(question),
    },
    logger,
  });
}
