import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, load } from "../scenarios/ask.ts";
import type { LoadReport } from "../scenarios/client/load-options.ts";
import type { FaultBed } from "./fault-bed.ts";

/** Requests that go through a Gateway until they are told to stop. */
export interface RunningLoad {
  /** Ends it and tells how it went. */
  stop(): Promise<LoadReport>;
}

/** Starts sending requests to an address, some on new and some on kept connections; ends by itself after 110 s. */
export async function startLoad({ bed, folder }: FaultBed, address: string, path = "/"): Promise<RunningLoad> {
  const request = { scheme: "http", address, port: 80, host: "shop.example.com", path } as const;
  // What follows is about changes; it begins where all is well.
  const [first] = await ask(bed, [request]);
  if (first?.kind !== "answered" || first.status !== 200) throw new Error(`no answer: ${JSON.stringify(first)}`);
  const stopFile = join(folder, `stop-${process.hrtime.bigint()}`);
  const running = load(bed, { request, concurrency: 4, stopFile });
  // Whoever stops it hears of its failure.
  running.catch(() => undefined);
  return {
    stop: async () => {
      writeFileSync(stopFile, "");
      try {
        return await running;
      } finally {
        rmSync(stopFile, { force: true });
      }
    },
  };
}
