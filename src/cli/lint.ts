import { type Command, InvalidArgumentError, Option } from "commander";
import { settings } from "../config.ts";
import { type Finding, findingKinds, type Severity } from "../core/finding.ts";
import { version } from "../version.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { lintSarif } from "./lint-sarif.ts";
import { lintText } from "./lint-text.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";
import { addLiveOptions, type LiveFlags, worldSource } from "./world-options.ts";

interface LintFlags extends LiveFlags {
  readonly filename?: readonly string[];
  readonly output: "text" | "json" | "sarif";
  readonly failOn: Severity;
  readonly controllerName: string;
  readonly bindAddress: string;
  readonly now?: number;
}

const codeLines = Object.entries(findingKinds).map(
  ([code, { severity, title }]) => `  ${code}  ${severity.padEnd(7)}  ${title}`,
);
const help = `
Codes:
${codeLines.join("\n")}

Exit codes:
  0  nothing was found that --fail-on counts
  1  something was
  2  the files or the cluster cannot be read`;

/** Adds `gatehouse lint`, which finds what works and is worth a look all the same. */
export function addLint(program: Command, io: CommandIo): void {
  const command = program
    .command("lint")
    .description("find what is refused, unused, unreachable, too open or about to expire")
    .option(
      "-f, --filename <file...>",
      "manifests: files, folders, or - for standard input; without it, the live cluster",
    )
    .addOption(new Option("-o, --output <format>", "format").choices(["text", "json", "sarif"]).default("text"))
    .addOption(
      new Option("--fail-on <severity>", "the least that makes the exit code 1")
        .choices(["warning", "error"])
        .default("error"),
    )
    .option("--controller-name <name>", settings.controllerName.description, settings.controllerName.default)
    .option("--bind-address <a,b>", settings.bindAddress.description, settings.bindAddress.default)
    .option("--now <time>", "judge certificates as of this time, such as 2026-01-31T12:00:00Z", parseTime)
    .addHelpText("after", help);
  addLiveOptions(command).action(async (flags: LintFlags) => {
    const { lintSource } = await import("../app.ts");
    const source = await worldSource({ ...flags, files: flags.filename }, io);
    if (source instanceof Error) return fail(io, source.message);
    const placement = {
      kind: source.kind === "live" ? "cluster" : "standalone",
      bindAddresses: flags.bindAddress.split(","),
    } as const;
    const options = { controllerName: flags.controllerName, placement, now: flags.now ?? Date.now() };
    const result = await lintSource(source, options);
    if (result.kind === "failed") return fail(io, result.message);
    for (const note of result.notes) io.stderr.write(`${printable(note)}\n`);
    io.stdout.write(print(result.findings, flags.output));
    if (result.findings.some(({ severity }) => severity === "error" || flags.failOn === "warning")) {
      io.exitWith(exitCodes.failure);
    }
  });
}

function print(findings: readonly Finding[], format: LintFlags["output"]): string {
  switch (format) {
    case "json":
      return printData({ apiVersion: "gatehouse.dev/v1alpha1", kind: "Findings", findings }, "json");
    case "sarif":
      return printData(lintSarif(findings, version), "json");
    default:
      return lintText(findings);
  }
}

function fail(io: CommandIo, message: string): void {
  io.stderr.write(`error: ${printable(message)}\n`);
  io.exitWith(exitCodes.usage);
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Write a time such as 2026-01-31T12:00:00Z.");
  return time;
}
