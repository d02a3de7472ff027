import { credentials } from "@grpc/grpc-js";
import { readFleetCredentials } from "../../../src/app/fleet-credentials.ts";
import { type ResourceType, resourceTypes } from "../../../src/core/xds-resource.ts";
import { eventually } from "../../support/envoy.ts";
import type { FakeApiServer } from "../../support/fake-api-server.ts";
import { type Answer, FakeEnvoy } from "../../xds/fake-envoy.ts";
import { gatewayName } from "./api-objects.ts";
import { xdsService } from "./controller-process.ts";

/** A fake Envoy of shop/web that asks for everything, takes everything at once, and counts. */
export interface Follower {
  /** Responses so far, on this stream and those before. */
  readonly responses: number;
  readonly answers: readonly Answer[];
  /** Whether a resource of a type that it holds has such text in its bytes. */
  holds(type: ResourceType, text: string): boolean;
  stop(): Promise<void>;
}

/** The credentials of a proxy of the Gateway, from the Secret that the leader has made. */
export async function proxyCredentials(server: FakeApiServer) {
  const [namespace = "", name = ""] = gatewayName.split("/");
  const files = await eventually("the fleet's certificate", async () => {
    const found = await readFleetCredentials(server.client, { namespace, name });
    return found.kind === "found" && found.files;
  });
  const [ca, key, cert] = (["ca.crt", "tls.key", "tls.crt"] as const).map((file) => files.get(file) ?? Buffer.alloc(0));
  return credentials.createSsl(ca, key, cert, {
    // The server is found by address here; its name is checked all the same.
    checkServerIdentity: (_, { subjectaltname }) =>
      subjectaltname?.includes(`DNS:${xdsService}`) === true ? undefined : new Error("another server"),
  });
}

/** Connects one; when its stream ends it connects again, like Envoy with what it has. */
export function follow(
  port: number,
  proxy: Awaited<ReturnType<typeof proxyCredentials>>,
  nodeId = "proxy-0",
): Follower {
  return new CountingEnvoy(
    new FakeEnvoy({ port, transport: "delta", cluster: gatewayName, credentials: proxy, nodeId }),
  );
}

class CountingEnvoy implements Follower {
  readonly #envoy: FakeEnvoy;
  readonly #timer: NodeJS.Timeout;
  readonly answers: Answer[] = [];
  readonly #bytes = new Map<ResourceType, Map<string, Uint8Array>>(resourceTypes.map((type) => [type, new Map()]));
  #isConnecting = false;
  #isStopped = false;

  constructor(envoy: FakeEnvoy) {
    this.#envoy = envoy;
    this.#ask();
    this.#timer = setInterval(() => void this.#takeAll(), 10);
  }

  get responses(): number {
    return this.answers.length;
  }

  holds(type: ResourceType, text: string): boolean {
    return [...(this.#bytes.get(type)?.values() ?? [])].some((bytes) => Buffer.from(bytes).includes(text));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#envoy.close();
  }

  #ask(): void {
    void this.#envoy.ended.then(() => this.#again());
    for (const type of ["cluster", "listener", "scope"] as const) this.#envoy.resubscribe(type);
    this.#envoy.resubscribe("endpoint", ...(this.#bytes.get("cluster")?.keys() ?? []));
    this.#envoy.resubscribe("route", "http-80");
  }

  async #again(): Promise<void> {
    if (this.#isConnecting || this.#isStopped) return;
    this.#isConnecting = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (this.#isStopped) return;
    await this.#envoy.reconnect({ keepVersions: true });
    this.#isConnecting = false;
    this.#ask();
  }

  async #takeAll(): Promise<void> {
    for (const { type } of [...this.#envoy.unread()]) {
      const answer = await this.#envoy.next(type);
      this.answers.push(answer);
      const known = this.#bytes.get(type);
      for (const [name, { bytes }] of answer.resources) known?.set(name, bytes);
      for (const name of answer.removed) known?.delete(name);
      this.#envoy.ack(answer);
      if (type === "cluster" && answer.resources.size > 0)
        this.#envoy.subscribe("endpoint", ...answer.resources.keys());
    }
  }
}
