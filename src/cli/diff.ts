import { type Command, Option } from "commander";
import { settings } from "../config.ts";
import type { WorldDiff } from "../core/world-diff.ts";
import { type CommandIo, exitCodes } from "./command-io.ts";
import { diffMarkdown } from "./diff-markdown.ts";
import { diffText } from "./diff-text.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";
import { addLiveOptions, type LiveFlags, readManifestTexts, worldSource } from "./world-options.ts";

interface DiffFlags extends LiveFlags {
  readonly filename: readonly string[];
  readonly manifests?: readonly string[];
  readonly delete?: boolean;
  readonly output: keyof typeof printers;
  readonly controllerName: string;
  readonly bindAddress: string;
}

const printers = {
  text: diffText,
  markdown: diffMarkdown,
  json: (diff: WorldDiff) => printData(diff, "json"),
} as const;

const exitHelp = `
Exit codes:
  0  the change is accepted, and nothing changes for other namespaces
  1  something changes for other namespaces, or something of the change is refused
  2  the change or what it is compared with cannot be read`;

/** Adds `gatehouse diff`, which tells what a change would do before it is applied. */
export function addDiff(program: Command, io: CommandIo): void {
  const command = program
    .command("diff")
    .description(
      "tell what a change would do before it is applied: who owns and answers what, what changes for other namespaces, and what proxies get",
    )
    .requiredOption("-f, --filename <file...>", "the change: manifests as for kubectl apply; files, folders, or -")
    .option("--manifests <path...>", "compare with these files or folders; without it, with the live cluster")
    .option("--delete", "the objects of the change are deleted, not applied")
    .addOption(new Option("-o, --output <format>", "format").choices(Object.keys(printers)).default("text"))
    .option("--controller-name <name>", settings.controllerName.description, settings.controllerName.default)
    .option("--bind-address <a,b>", settings.bindAddress.description, settings.bindAddress.default)
    .addHelpText("after", exitHelp);
  addLiveOptions(command).action(async (flags: DiffFlags) => {
    const { diffAgainstSource, formatProblem } = await import("../app.ts");
    const { controllerName, bindAddress } = flags;
    const change = await readManifestTexts(flags.filename, io);
    const source = await worldSource({ ...flags, files: flags.manifests }, io);
    if (change instanceof Error) return fail(io, change.message);
    if (source instanceof Error) return fail(io, source.message);
    const placement = {
      kind: source.kind === "live" ? "cluster" : "standalone",
      bindAddresses: bindAddress.split(","),
    } as const;
    const options = { controllerName, placement, remove: flags.delete === true };
    const result = await diffAgainstSource(source, { change, now: Date.now(), options });
    for (const problem of result.problems) io.stderr.write(`${printable(formatProblem(problem))}\n`);
    if (result.kind === "failed") return fail(io, result.message);
    io.stdout.write(printers[flags.output](result.diff));
    if (result.diff.verdict !== "unaffected") io.exitWith(exitCodes.failure);
  });
}

function fail(io: CommandIo, message: string): void {
  io.stderr.write(`error: ${printable(message)}\n`);
  io.exitWith(exitCodes.usage);
}
