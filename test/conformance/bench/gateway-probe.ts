import { setTimeout as sleep } from "node:timers/promises";
import { type Http1Connection, openHttp1 } from "../../support/client.ts";

/** Asks a Gateway on one connection that is kept. */
export interface GatewayProbe {
  /** Asks until the answer is 200, and says when that came. */
  untilServed(host: string, path: string): Promise<number>;
  close(): void;
}

/** An answer takes far less; a closer look than this would take the CPU from those who are measured. */
const pauseMs = 1;
const longestWaitMs = 60_000;

/** Opens the connection. */
export async function openProbe(address: string): Promise<GatewayProbe> {
  let connection = await openHttp1({ address, port: 80 });
  const answer = async (host: string, path: string): Promise<number> => {
    try {
      return (await connection.send({ host, path })).status;
    } catch {
      // Nothing here is about connections: Envoy may end one that was quiet for long.
      connection.close();
      connection = await reopen(address);
      return 0;
    }
  };
  return {
    untilServed: async (host, path) => {
      const deadline = performance.now() + longestWaitMs;
      while ((await answer(host, path)) !== 200) {
        if (performance.now() > deadline) throw new Error(`${host}${path} is not served after ${longestWaitMs} ms`);
        await sleep(pauseMs);
      }
      return performance.now();
    },
    close: () => connection.close(),
  };
}

async function reopen(address: string): Promise<Http1Connection> {
  await sleep(50);
  return openHttp1({ address, port: 80 });
}
