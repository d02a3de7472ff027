import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConvergenceReport, type ConvergingKind, convergingKinds } from "../core/convergence.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { type AskOptions, addAskOptions, askGatehouse } from "./live.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";
import { type Awaited, type AwaitedObject, waitForObjects } from "./wait-for-objects.ts";

interface WaitOptions extends AskOptions {
  readonly generation?: number;
  readonly timeout: number;
  readonly output: "text" | "json";
}

/** What is waited for will not come as the objects are now. */
const neverCode = 3;

const exitHelp = `
Exit codes:
  0  every proxy of the Gateways has acknowledged it, and there is one
  1  not within the timeout
  2  the command line is wrong, or no control plane answered
  3  it will not happen: the object is refused, attached nowhere or quarantined`;

/** Adds `gatehouse wait`, which waits until proxies have what an object says. */
export function addWait(program: Command, io: CommandIo): void {
  const command = program
    .command("wait")
    .description("wait until all connected proxies have acknowledged the present generation of objects")
    .argument(
      "<kind/namespace/name...>",
      "such as httproute/shop/cart; a route of any kind, a gateway, a listenerset or a backendtlspolicy",
      collect,
    )
    .option("--generation <n>", "wait for this generation at least, of one object", parseGeneration)
    .addOption(
      new Option("--timeout <duration>", "how long, such as 90s, 5m or 1h")
        .argParser(parseDuration)
        .default(60_000, "60s"),
    )
    .addOption(new Option("-o, --output <format>", "format").choices(["text", "json"]).default("text"))
    .addHelpText("after", exitHelp);
  addAskOptions(command).action(async (objects: readonly AwaitedObject[], options: WaitOptions) => {
    if (options.generation !== undefined && objects.length > 1) {
      return fail(io, "--generation is of one object: name no other", exitCodes.usage);
    }
    const results = await waitForObjects(objects, {
      ask: (object) => ask(object, options),
      timeoutMs: options.timeout,
      pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      now: () => performance.now(),
      ...(options.generation !== undefined && { generation: options.generation }),
      onProblem: (message) => io.stderr.write(`no answer yet: ${printable(message)}\n`),
    });
    tell(io, results, options);
  });
}

async function ask({ kind, namespace, name }: AwaitedObject, options: AskOptions): Promise<ConvergenceReport | Error> {
  const object = `${kind.toLowerCase()}/${namespace}/${name}`;
  const answer = await askGatehouse(options, {
    path: "/v1/convergence",
    body: { kind, namespace, name },
    debugPage: `/debug/convergence?${new URLSearchParams({ object })}`,
    timeoutMs: 5_000,
  });
  // Our own endpoint answers.
  return answer.kind === "failed" ? new Error(answer.message) : (answer.value as ConvergenceReport);
}

function tell(io: CommandIo, results: readonly Awaited[], { output, timeout }: WaitOptions): void {
  if (output === "json") {
    const reports = results.map(({ outcome, object, report, message }) => ({ object, outcome, message, report }));
    io.stdout.write(printData(reports, "json"));
  }
  const isHopeless = results.some(({ outcome }) => outcome === "never");
  for (const { outcome, object, message } of results) {
    // The others were not waited for until the end.
    if (isHopeless && (outcome === "pending" || outcome === "unanswered")) continue;
    const words = `${object.kind} ${object.namespace}/${object.name}: ${printable(message)}\n`;
    if (outcome !== "converged") io.stderr.write(`error: ${outcome === "pending" ? late(timeout) : ""}${words}`);
    else if (output === "text") io.stdout.write(words);
  }
  const worst = (["never", "unanswered", "pending"] as const).find((each) =>
    results.some(({ outcome }) => outcome === each),
  );
  if (worst !== undefined) {
    io.exitWith({ never: neverCode, unanswered: exitCodes.usage, pending: exitCodes.failure }[worst]);
  }
}

function late(timeoutMs: number): string {
  return `after ${timeoutMs / 1000} s still waiting for `;
}

function fail(io: CommandIo, message: string, code: number): void {
  io.stderr.write(`error: ${message}\n`);
  io.exitWith(code);
}

const kindWords: ReadonlyMap<string, ConvergingKind> = new Map(
  convergingKinds.flatMap((kind) => [
    [kind.toLowerCase(), kind],
    [pluralOf(kind.toLowerCase()), kind],
  ]),
);

function pluralOf(word: string): string {
  return word.endsWith("y") ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function collect(text: string, before: readonly AwaitedObject[] | undefined): readonly AwaitedObject[] {
  const [word = "", namespace = "", name = "", ...rest] = text.split("/");
  const kind = kindWords.get(word.toLowerCase());
  const part = /^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/;
  if (kind === undefined || rest.length > 0 || !part.test(namespace) || !part.test(name)) {
    throw new InvalidArgumentError(
      "write httproute/NAMESPACE/NAME, or a route of another kind, a gateway, a listenerset or a backendtlspolicy.",
    );
  }
  return [...(before ?? []), { kind, namespace, name }];
}

function parseGeneration(text: string): number {
  if (!/^[1-9][0-9]{0,14}$/.test(text)) throw new InvalidArgumentError("a generation is a number from 1.");
  return Number(text);
}

const units: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

function parseDuration(text: string): number {
  const [, amount = "", unit = ""] = /^([0-9]{1,7})(ms|s|m|h)$/.exec(text) ?? [];
  const factor = units.get(unit);
  if (factor === undefined) throw new InvalidArgumentError("write a number with its unit, such as 90s, 5m or 1h.");
  return Number(amount) * factor;
}
