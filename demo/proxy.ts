import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningProcess, startProcess } from "./child-process.ts";
import type { GatewayName } from "./step.ts";

/** The proxy of one Gateway: a real Envoy and what its access log tells. */
export interface RunningProxy {
  readonly gateway: GatewayName;
  readonly process: RunningProcess;
  /** The first access log line that holds the token, or the mark of the connection, once it is there. */
  accessLogLine(token: string, mark?: string): Promise<string | undefined>;
}

export interface ProxyOptions {
  readonly gateway: GatewayName;
  readonly envoy: string;
  /** What `gatehouse bootstrap` printed. */
  readonly bootstrap: string;
  readonly folder: string;
}

const logPatienceMs = 2000;

/** Starts one Envoy on its bootstrap. */
export function startProxy({ gateway, envoy, bootstrap, folder }: ProxyOptions): RunningProxy {
  const file = join(folder, `${gateway.replace("/", "-")}.yaml`);
  writeFileSync(file, bootstrap);
  const log = new AccessLog();
  const process = startProcess({
    name: `envoy of ${gateway}`,
    command: envoy,
    args: [
      ...["--config-path", file, "--concurrency", "1", "--log-level", "warning"],
      // Access logs are wanted at once; hot restart's shared memory would tie two demos together.
      ...["--file-flush-interval-msec", "10", "--disable-hot-restart", "--reject-unknown-dynamic-fields"],
    ],
    onOutput: (text) => log.append(text),
  });
  return { gateway, process, accessLogLine: (token, mark = token) => log.lineWith(token, mark) };
}

/** Lines of an access log as they come. */
class AccessLog {
  readonly #lines: string[] = [];
  #rest = "";

  append(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#lines.push(...lines);
  }

  async lineWith(token: string, mark: string): Promise<string | undefined> {
    const deadline = Date.now() + logPatienceMs;
    for (;;) {
      const line = this.#lines.find((each) => each.includes(token) || each.includes(mark));
      if (line !== undefined || Date.now() > deadline) return line;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
