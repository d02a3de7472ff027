import { Agent, request } from "node:https";
import { pino } from "pino";
import { TenantEndpoint } from "../../src/app/tenant-endpoint.ts";
import type { Knowledge } from "../../src/app/tenant-questions.ts";
import type { TlsMaterial, TlsMaterialSource } from "../../src/core/tls-material.ts";
import type { ListenAddress } from "../../src/settings.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { createFakeReviews, type FakeReviews, type ReviewedDeed } from "./fake-reviews.ts";

/** What the endpoint answered. */
export interface TenantResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // The endpoint's JSON; tests look at the fields that they expect.
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TenantWorld {
  readonly reviews: FakeReviews;
  readonly address: ListenAddress;
  readonly authority: string;
  ask(path: string, options?: AskOptions): Promise<TenantResponse>;
  /** Gives the endpoint another certificate, for another name. */
  renew(name: string): Promise<void>;
  stop(): Promise<void>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly body?: unknown;
  readonly serverName?: string;
}

/** The name in the endpoint's first certificate. */
export const endpointName = "gatehouse-api.gatehouse-system.svc";

/** Users of the tests: a developer of `shop`, one of the platform team, and an account of each. */
export const tokens = {
  "shop-token": { username: "dana", groups: ["shop-developers"] },
  "platform-token": { username: "pat" },
  "account-token": { username: "system:serviceaccount:shop:cart" },
  "other-account-token": { username: "system:serviceaccount:shop:other" },
};

const namespaced = new Set(["httproutes", "tcproutes", "gateways", "listenersets", "services"]);

/** The developer and the accounts of `shop` may read what is there; the platform team may read everything. */
function usualRights({ user, resource, namespace }: ReviewedDeed): boolean {
  if (user === "pat") return true;
  return namespace === "shop" && namespaced.has(resource);
}

/** Starts the endpoint on loopback, with a real certificate and an API server that only reviews. */
export async function startTenantWorld(
  knowledge: Knowledge,
  allows: (deed: ReviewedDeed) => boolean = usualRights,
): Promise<TenantWorld> {
  const authority = await createCertificateAuthority();
  const issue = async (name: string): Promise<TlsMaterial> => {
    const { certificatePem, keyPem } = await issueCertificate(authority, { names: [name, "127.0.0.1"] });
    return { ca: authority.certificatePem, cert: certificatePem, key: keyPem };
  };
  let material = await issue(endpointName);
  const listeners = new Set<() => void>();
  const source: TlsMaterialSource = {
    current: () => material,
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const reviews = createFakeReviews({ tokens, allows });
  const logger = pino({ level: "silent" });
  const endpoint = new TenantEndpoint({
    ...{ address: { host: "127.0.0.1", port: 0 }, client: reviews, material: source, knowledge, logger },
  });
  const address = await endpoint.listen();
  return {
    reviews,
    address,
    authority: authority.certificatePem,
    ask: (path, options = {}) => send(path, { address, ca: authority.certificatePem, ...options }),
    renew: async (name) => {
      material = await issue(name);
      for (const listener of listeners) listener();
    },
    stop: () => endpoint.stop(),
  };
}

function send(
  path: string,
  {
    address,
    ca,
    headers,
    token,
    body,
    serverName = endpointName,
  }: AskOptions & { readonly address: ListenAddress; readonly ca: string },
): Promise<TenantResponse> {
  const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
  const options = {
    ...address,
    ...{ path, ca, servername: serverName, method: text === undefined ? "GET" : "POST" },
    agent: new Agent({ keepAlive: false }),
    headers: {
      ...(text !== undefined && { "content-type": "application/json" }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString();
        // The endpoint answers with JSON objects only.
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: JSON.parse(answer) as TenantResponse["body"],
        });
      });
    });
    sent.on("error", reject);
    sent.end(text);
  });
}
