import type { Logger } from "../logger.ts";
import type { ListenAddress } from "../settings.ts";
import { createAgentServer } from "./agent-server.ts";
import { Drain, type DrainTimes } from "./drain.ts";
import { EnvoyAdmin } from "./envoy-admin.ts";

export interface AgentOptions {
  readonly address: ListenAddress;
  readonly envoyAdmin: ListenAddress;
  /** What a drain has to be asked with. */
  readonly token: string;
  readonly times: DrainTimes;
  readonly logger: Logger;
}

/** Runs beside Envoy in its pod. */
export interface Agent {
  readonly port: number;
  /**
   * Resolves once Envoy is gone, so that a drain under way can end: the kubelet stops both containers at the same time. Waits
   * as long as a drain may take.
   */
  stop(): Promise<void>;
}

/** Starts the agent that drains Envoy before its pod goes. */
export async function startAgent({ address, envoyAdmin, token, times, logger }: AgentOptions): Promise<Agent> {
  const admin = new EnvoyAdmin(envoyAdmin);
  const drain = new Drain(admin, times, logger);
  const server = createAgentServer(drain, token);
  await server.listen(address);
  const bound = server.server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : address.port,
    stop: async () => {
      const until = performance.now() + times.mostMs + times.quietMs;
      // The call to drain may come after the signal to stop.
      while (performance.now() < until && (await admin.isThere())) {
        await new Promise((resolve) => setTimeout(resolve, times.pollMs));
      }
      await server.close();
    },
  };
}
