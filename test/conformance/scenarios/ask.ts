import { fileURLToPath } from "node:url";
import type { Bed } from "../bed/start-bed.ts";
import type { Layer4Answer, Layer4Request } from "./client/layer4.ts";
import type { LoadOptions, LoadReport } from "./client/load-options.ts";
import type { ClientAnswer, ClientRequest } from "./client/request.ts";

/** Sends requests from inside the bed, one after the other. */
export async function ask(bed: Bed, requests: readonly ClientRequest[]): Promise<readonly ClientAnswer[]> {
  const { code, stdout, stderr } = await bed.run([process.execPath, script("send.ts")], {
    input: JSON.stringify(requests),
  });
  if (code !== 0) throw new Error(`the client failed: ${stderr}`);
  // Written by our own client.
  return JSON.parse(stdout) as readonly ClientAnswer[];
}

/** Asks backends behind listeners of other protocols than HTTP, from inside the bed, one after the other. */
export async function askLayer4(bed: Bed, requests: readonly Layer4Request[]): Promise<readonly Layer4Answer[]> {
  const command = [process.execPath, script("ask-layer4.ts")];
  const { code, stdout, stderr } = await bed.run(command, { input: JSON.stringify(requests) });
  if (code !== 0) throw new Error(`the client failed: ${stderr}`);
  // Written by our own client.
  return JSON.parse(stdout) as readonly Layer4Answer[];
}

/** Sends a request again and again, from inside the bed, until its stop file is there. */
export async function load(bed: Bed, options: LoadOptions): Promise<LoadReport> {
  const input = JSON.stringify(options);
  const { code, stdout, stderr } = await bed.run([process.execPath, script("load.ts")], { input, timeoutSeconds: 110 });
  if (code !== 0) throw new Error(`the client failed: ${stderr}`);
  // Written by our own client.
  return JSON.parse(stdout) as LoadReport;
}

/** The Deployment that gave an answer, `namespace/name`; undefined where it was none of the backends. */
export function backendOf(answer: ClientAnswer): string | undefined {
  const echoed = echoOf(answer);
  return echoed && `${echoed.namespace}/${echoed.pod.replace(/-[a-z0-9]+-[a-z0-9]+$/, "")}`;
}

/** The path that a backend has seen, without its query. */
export function backendPathOf(answer: ClientAnswer): string | undefined {
  return echoOf(answer)?.path.split("?")[0];
}

function script(name: string): string {
  return fileURLToPath(new URL(`client/${name}`, import.meta.url));
}

interface Echo {
  readonly namespace: string;
  readonly pod: string;
  readonly path: string;
}

function echoOf(answer: ClientAnswer): Echo | undefined {
  if (answer.kind === "failed" || !answer.body.startsWith("{")) return undefined;
  // The suite's backend says so; whatever else it may be fails the comparison that follows.
  return JSON.parse(answer.body) as Echo;
}
