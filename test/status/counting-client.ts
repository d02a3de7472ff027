import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { KubeClient, KubeRequest, KubeResult } from "../../src/core/kube-client.ts";

/** A client that knows how many of its requests are not answered yet. */
export class CountingClient implements KubeClient {
  readonly #client: KubeClient;
  #pending = 0;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async request<T>(request: KubeRequest): Promise<KubeResult<T>> {
    this.#pending += 1;
    try {
      return await this.#client.request<T>(request);
    } finally {
      this.#pending -= 1;
    }
  }

  /** Resolves when everything is answered, and what the answers led to is done; at last after so many milliseconds. */
  async idle(most = 2_000): Promise<void> {
    const end = performance.now() + most;
    do {
      await (this.#pending === 0 ? setImmediate() : sleep(1));
      await setImmediate();
    } while (this.#pending > 0 && performance.now() < end);
  }
}
