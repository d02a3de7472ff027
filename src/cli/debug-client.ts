import { Option } from "commander";
import { printable } from "./text-table.ts";

const answerMilliseconds = 10_000;

/** Where a running control plane is asked. */
export function serverOption(): Option {
  return new Option("--server <url>", "debug address of the control plane")
    .env("GATEHOUSE_SERVER")
    .default("http://127.0.0.1:8082");
}

/** Reads a debug page of a running control plane. Throws an Error whose message is for the user. */
export async function fetchDebugPage(server: string, path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(path, server), {
      signal: AbortSignal.timeout(answerMilliseconds),
      redirect: "error",
    });
  } catch (cause) {
    throw new Error(`no control plane answers at ${server}: is it running, with this --debug-address?`, { cause });
  }
  if (!response.ok) throw new Error(`${server} answered ${response.status}: ${printable(await response.text())}`);
  return response.json();
}
