/** Walks through the five articles, and every kind of route, on a real control plane and real Envoys, and fails when anything is not as expected. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { chapters } from "./articles.ts";
import { runArticle, type StepResult } from "./engine.ts";
import { createPrinter } from "./printer.ts";
import { startWorld, type World } from "./world.ts";

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
/** The exit code after Ctrl-C. */
const interrupted = 130;
const write = (text: string): void => {
  process.stdout.write(text);
};

async function main(): Promise<number> {
  const interrupt = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupt.abort());
  const { signal } = interrupt;
  const world = await startWorld({ repository, articles: chapters }).catch((error: Error) => error);
  if (world instanceof Error) {
    // Ctrl-C in a terminal reaches the processes that are being started too; that they end then is no news.
    if (!signal.aborted) process.stderr.write(`${world.message}\n`);
    return signal.aborted ? interrupted : 1;
  }
  try {
    const exitCode = await walk(world, signal);
    if (signal.aborted || process.env["STAY"] !== "1") return exitCode;
    printAddresses(world);
    // A timer keeps the process alive; a listener alone does not.
    const alive = setInterval(() => undefined, 60_000);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    clearInterval(alive);
    return exitCode;
  } finally {
    await world.stop();
  }
}

async function walk(world: World, signal: AbortSignal): Promise<number> {
  const started = performance.now();
  const noColour = (process.env["NO_COLOR"] ?? "") !== "";
  const printer = createPrinter({ write, palette: process.stdout.isTTY && !noColour ? "colours" : "plain" });
  const results: StepResult[] = [];
  const onStep = (result: StepResult): void => {
    results.push(result);
    printer.step(results.length, result);
  };
  for (const article of chapters) {
    if (signal.aborted) return interrupted;
    printer.article(article);
    await runArticle(world, article, { patienceMs: 10_000, onStep, signal });
  }
  if (signal.aborted) return interrupted;
  printer.summary(results, (performance.now() - started) / 1000);
  if (results.every(({ passed }) => passed)) return 0;
  printComplaints(world);
  return 1;
}

/** What the processes wrote to standard error may explain a difference. */
function printComplaints({ controlPlane, proxies }: World): void {
  for (const { name, errors } of [controlPlane, ...proxies.values()].map(({ process }) => process)) {
    const lines = errors().trim().split("\n").slice(-10);
    if (lines.join("") !== "") write(`\n${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  }
}

function printAddresses({ workspace, controlPlane, proxies }: World): void {
  const { ports } = controlPlane;
  write("\nEverything stays up until Ctrl-C:\n");
  write(`  manifests      ${workspace.manifests}  (edit them: changes apply at once)\n`);
  write(`  debug pages    http://${ports.debug}/\n`);
  write(`  webhook        http://${ports.webhook}/validate\n`);
  write(`  health         http://${ports.health}/readyz\n`);
  write(`  statuses       bin/gatehouse status --server http://${ports.debug}\n`);
  const url = "https://api.techresolve.com/v1/charge";
  write(`  why            bin/gatehouse explain request ${url} --server http://${ports.debug}\n`);
  const gateway = [...proxies.keys()].find((each) => each === "infra-gateways/prod-gateway-external");
  const address = gateway && workspace.gatewayAddress(gateway);
  if (address) write(`  a request      curl --insecure --connect-to ::${address}:10443 ${url}\n`);
  for (const gateway of proxies.keys()) {
    write(`  ${gateway.padEnd(40)} ${workspace.gatewayAddress(gateway) ?? ""}, ports 10080 and 10443\n`);
  }
}

process.exitCode = await main();
