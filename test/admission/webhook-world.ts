import { request as sendRequest } from "node:https";
import { pino } from "pino";
import type { OwnershipVerdict } from "../../src/admission/review-object.ts";
import { Admission } from "../../src/app/admission.ts";
import type { ListenerSet, Route } from "../../src/core/gateway-api.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import { createAuthority, issueCertificate, type KeyPair } from "../../src/identity/authority.ts";
import type { IdentityLog } from "../../src/identity/issuer.ts";
import { Trust } from "../../src/identity/trust.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { KubeApi } from "../../src/watch/kube-api.ts";
import { kubeApiOf } from "../support/cluster-world.ts";
import { type FakeApiServer, startFakeApiServer } from "../support/fake-api-server.ts";

/** The name by which the API server calls the webhook. */
export const service = "gatehouse-webhook.gatehouse-system.svc";

/** The collection of the configurations. */
export const configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/** What came back from the webhook. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One replica's webhook, with a fake API server and certificates that are real. */
export interface WebhookWorld {
  readonly server: FakeApiServer;
  readonly admission: Admission;
  readonly port: number;
  /** What the log was told, as text. */
  readonly log: readonly string[];
  /** Gives the replica a certificate by the last of the authorities, and all of them to trust. */
  identify(...authorities: readonly KeyPair[]): Promise<void>;
  configuration(): RawObject | undefined;
  /** The registered path and authorities; undefined while they are not there. */
  registered(): { readonly path: string; readonly ca: string } | undefined;
  send(request: SentRequest): Promise<HttpAnswer>;
  /** How often a review ended so. */
  count(outcome: string): Promise<number>;
  stop(): Promise<void>;
}

/** A request to the webhook. */
export interface SentRequest {
  readonly path: string;
  /** PEM of whom the client trusts. */
  readonly ca: string;
  readonly method?: string;
  /** Sent as JSON unless it is text already. */
  readonly body?: unknown;
}

/** An authority whose certificates are good for an hour. */
export function newAuthority(): Promise<KeyPair> {
  return createAuthority(Date.now(), 3_600_000);
}

/** The configuration as the chart creates it. */
export function chartConfiguration(): object {
  const clientConfig = { service: { name: "gatehouse-webhook", namespace: "gatehouse-system", port: 443 } };
  return { metadata: { name: "gatehouse" }, webhooks: [{ name: "hostnames.gatehouse.dev", clientConfig }] };
}

/** Billing has api.example.com, and everybody else is refused it. */
export function judgeApi({ spec }: Route | ListenerSet): OwnershipVerdict {
  const isTaken = "hostnames" in spec && spec.hostnames?.includes("api.example.com") === true;
  const object = objectKey("HTTPRoute", namespacedName("billing", "api"));
  const holder = { namespace: "billing", object };
  const refusal = { hostname: "api.example.com", criterion: "ClaimedFirst", holder } as const;
  return { enforced: isTaken ? [refusal] : [], warned: [] };
}

export interface WorldOptions {
  readonly judge?: (object: Route | ListenerSet) => OwnershipVerdict;
  readonly isReady?: () => boolean;
  readonly namesHolders?: boolean;
}

/** Starts a webhook on a port of its own; it has no certificate yet, and does not lead. */
export async function startWebhook(options: WorldOptions = {}): Promise<WebhookWorld> {
  const server = await startFakeApiServer();
  const api = kubeApiOf(server.url);
  const log: string[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void log.push(line) });
  const trust = createTrust(logger);
  const metrics = createMetrics();
  const admission = new Admission({
    config: {
      address: { host: "127.0.0.1", port: 0 },
      service,
      configuration: "gatehouse",
      namesHolders: options.namesHolders ?? true,
    },
    api,
    trust,
    isReady: options.isReady ?? (() => true),
    judge: options.judge ?? judgeApi,
    metrics,
    logger,
  });
  const { port } = await admission.listen();
  const configuration = () => server.get(configurations, "gatehouse");
  return {
    server,
    admission,
    port,
    log,
    configuration,
    identify: async (...authorities) => {
      await identify(trust, authorities);
      admission.identityChanged();
    },
    registered: () => registered(configuration()),
    send: (request) => send(port, request),
    count: async (outcome) => {
      const { body } = await metrics.render();
      const line = new RegExp(`^gatehouse_admission_reviews_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(body);
      return Number(line?.[1] ?? 0);
    },
    stop: () => stop(admission, api, server),
  };
}

/** An AdmissionReview of a new route with one hostname. */
export function reviewOf(hostname: string, username = "user1", metadata: object = {}): object {
  const object = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "web", namespace: "shop", generation: 1, managedFields: [], ...metadata },
    spec: { hostnames: [hostname], parentRefs: [{ name: "shared", namespace: "infra" }], rules: [{}] },
  };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: { uid: "42", kind: { kind: "HTTPRoute" }, operation: "CREATE", userInfo: { username }, object },
  };
}

/** What a replica trusts, which is nothing yet. */
export function createTrust(log: IdentityLog): Trust {
  return new Trust({ releaseNamespace: "gatehouse-system", log });
}

/** Tells a replica of a certificate by the last of the authorities, and of all of them. */
export async function identify(trust: Trust, authorities: readonly KeyPair[]): Promise<void> {
  const signing = authorities.at(-1);
  if (signing === undefined) throw new Error("bug: no authority");
  const { cert, key } = await issueCertificate(signing, {
    usages: ["server", "client"],
    dnsNames: ["gatehouse-xds.gatehouse-system.svc", service],
    uri: "spiffe://cluster.local/control-plane",
    now: Date.now(),
    lifeMs: 3_600_000,
  });
  const ca = authorities.map((authority) => authority.cert).join("");
  observe(trust, "gatehouse-xds-server", { "ca.crt": ca, "tls.crt": cert, "tls.key": key });
  observe(trust, "gatehouse-ca", { tokenKey: "ab".repeat(32) });
}

function observe(trust: Trust, name: string, texts: Readonly<Record<string, string>>): void {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
  );
  trust.observe({ namespace: "gatehouse-system", name }, { metadata: { name, namespace: "gatehouse-system" }, data });
}

interface StoredConfiguration {
  readonly webhooks?: readonly {
    readonly clientConfig: { readonly caBundle?: string; readonly service: { readonly path?: string } };
  }[];
}

function registered(configuration: RawObject | undefined): ReturnType<WebhookWorld["registered"]> {
  // Put there by chartConfiguration, and patched.
  const { clientConfig } = (configuration as StoredConfiguration | undefined)?.webhooks?.[0] ?? {};
  const { caBundle, service: { path } = {} } = clientConfig ?? {};
  if (caBundle === undefined || path === undefined) return undefined;
  return { path, ca: Buffer.from(caBundle, "base64").toString() };
}

function send(port: number, { path, ca, method = "POST", body }: SentRequest): Promise<HttpAnswer> {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const headers = text === undefined ? {} : { "content-type": "application/json" };
    // As the API server does it: by the name of the Service, whatever the address.
    const options = { host: "127.0.0.1", port, servername: service, path, method, ca, headers, agent: false as const };
    const outgoing = sendRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(text);
  });
}

async function stop(admission: Admission, api: KubeApi, server: FakeApiServer): Promise<void> {
  await admission.stop();
  api.close();
  await server.stop();
}
