/** Runs inside a bed: sends one request again and again until it is told to stop, and prints how that went. */
import { existsSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { LoadOptions, LoadReport } from "./load-options.ts";

// Written by whoever starts this.
const { request, concurrency, stopFile } = JSON.parse(await text(process.stdin)) as LoadOptions;
const kept = new Agent({ keepAlive: true });
const failures: string[] = [];
let answered = 0;
let stops = false;
const watch = setInterval(() => {
  stops = existsSync(stopFile);
}, 50);
await Promise.all(Array.from({ length: concurrency }, (_, index) => sendUntilStopped(index % 2 === 0)));
clearInterval(watch);
const report: LoadReport = { answered, failed: failures.length, failures: failures.slice(0, 10) };
process.stdout.write(JSON.stringify(report));
kept.destroy();

async function sendUntilStopped(keepsConnection: boolean): Promise<void> {
  while (!stops) {
    const failure = await sendOnce(keepsConnection);
    if (failure === undefined) answered += 1;
    else failures.push(`${new Date().toISOString()} ${failure}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Answers what went wrong. */
async function sendOnce(keepsConnection: boolean): Promise<string | undefined> {
  let isReused = false;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const { address, port, host, path } = request;
      const agent = keepsConnection ? kept : false;
      const call = get({ host: address, port, path, headers: { host }, agent, timeout: 5_000 }, resolve);
      call.on("socket", () => {
        isReused = call.reusedSocket;
      });
      call.on("timeout", () => call.destroy(new Error("no answer in 5 s")));
      call.on("error", reject);
    });
    await text(response);
    return response.statusCode === 200 ? undefined : `status ${response.statusCode}`;
  } catch (error) {
    return `${error instanceof Error ? error.message : error} on a ${isReused ? "kept" : "new"} connection`;
  }
}
