import { type Command, Option } from "commander";
import type { SourceProblem } from "../app.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { fetchDebugPage, serverOption } from "./debug-client.ts";
import { parameterTable, type ShownFleet } from "./parameter-table.ts";
import { printData } from "./print-data.ts";
import { kindWords, parseSelection, type StatusSelection } from "./status-kind.ts";
import { type StatusEntry, statusDetails, statusTable } from "./status-table.ts";
import { printable } from "./text-table.ts";

interface StatusOptions {
  readonly server: string;
  readonly output: "table" | "json" | "yaml";
}

/** Adds `gatehouse status`, which asks a running control plane what became of each object. */
export function addStatus(program: Command, io: CommandIo): void {
  program
    .command("status")
    .description("show what became of each object, as a running control plane sees it")
    .argument("[kind]", `${kindWords}, or KIND/NAMESPACE/NAME for one object; all by default`)
    .argument("[name]", "NAMESPACE/NAME, or a name in any namespace: tells everything about the object")
    .addOption(serverOption())
    .addOption(new Option("-o, --output <format>", "format").choices(["table", ...dataFormats]).default("table"))
    .action(async (kind: string | undefined, name: string | undefined, options: StatusOptions) => {
      const selection = kind === undefined ? {} : parseSelection(kind, name);
      if (selection === undefined) {
        io.stderr.write(
          `error: no status for ${JSON.stringify([kind, name].filter(Boolean).join(" "))}: ask for ${kindWords}\n`,
        );
        io.exitWith(exitCodes.usage);
        return;
      }
      await printStatus(selection, options, io);
    });
}

async function printStatus(selection: Partial<StatusSelection>, options: StatusOptions, io: CommandIo): Promise<void> {
  const { server, output } = options;
  const oneGateway = selection.kind === "Gateway" && selection.name !== undefined;
  const answers = await Promise.all([
    fetchDebugPage(server, `/debug/status?${new URLSearchParams({ ...selection })}`),
    fetchDebugPage(server, "/debug/problems"),
    oneGateway ? fetchDebugPage(server, "/debug/fleets") : { fleets: [] },
  ]).catch((error: Error) => error);
  if (answers instanceof Error) {
    io.stderr.write(`error: ${answers.message}\n`);
    io.exitWith(exitCodes.failure);
    return;
  }
  // Our own debug endpoint answers, at a version that may differ: what it lacks is shown as missing.
  const { statuses } = answers[0] as { readonly statuses: readonly StatusEntry[] };
  const { problems } = answers[1] as { readonly problems: readonly SourceProblem[] };
  const { fleets } = answers[2] as { readonly fleets: readonly ShownFleet[] };
  const shown = fleets.filter(({ gateway }) => statuses.some(({ object }) => object === `Gateway/${gateway}`));
  io.stdout.write(format({ statuses, fleets: shown }, selection, output));
  const { formatProblem } = await import("../app.ts");
  for (const problem of problems) io.stderr.write(`${printable(formatProblem(problem))}\n`);
  if (statuses.length === 0 && selection.name !== undefined) {
    io.stderr.write(`error: nothing is known about ${selection.kind} ${selection.name}\n`);
    io.exitWith(exitCodes.failure);
  }
}

function format(
  { statuses, fleets }: { readonly statuses: readonly StatusEntry[]; readonly fleets: readonly ShownFleet[] },
  selection: Partial<StatusSelection>,
  output: StatusOptions["output"],
): string {
  if (output !== "table") return printData(fleets.length > 0 ? { statuses, fleets } : { statuses }, output);
  if (selection.name === undefined) return statusTable(statuses);
  return [...statuses.map(statusDetails), ...fleets.map(parameterTable)].join("\n");
}
