import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { settings } from "../config.ts";
import { type CommandIo, dataFormats, exitCodes } from "./command-io.ts";
import { printData } from "./print-data.ts";
import { printable } from "./text-table.ts";

interface TranslateOptions {
  readonly filename: readonly string[];
  readonly output: (typeof dataFormats)[number];
  readonly controllerName: string;
  readonly bindAddress: string;
}

/** Adds `gatehouse translate`, which shows what Envoy would get and what users would be told, without a server. */
export function addTranslate(program: Command, io: CommandIo): void {
  program
    .command("translate")
    .description("print the Envoy resources and the statuses that manifests lead to")
    .requiredOption("-f, --filename <file...>", "manifests: files, folders, or - for standard input")
    .addOption(new Option("-o, --output <format>", "format").choices([...dataFormats]).default("yaml"))
    .option("--controller-name <name>", settings.controllerName.description, settings.controllerName.default)
    .option("--bind-address <a,b>", settings.bindAddress.description, settings.bindAddress.default)
    .action(async (options: TranslateOptions) => {
      const { formatProblem, translateManifests } = await import("../app.ts");
      const { controllerName, bindAddress, output } = options;
      const files = await readFiles(options.filename, io).catch((error: Error) => error);
      if (files instanceof Error) {
        io.stderr.write(`error: ${files.message}\n`);
        io.exitWith(exitCodes.usage);
        return;
      }
      const translation = translateManifests(files, {
        controllerName,
        placement: { kind: "standalone", bindAddresses: bindAddress.split(",") },
      });
      const { problems, ...printed } = translation;
      io.stdout.write(printData(printed, output));
      for (const problem of problems) io.stderr.write(`${printable(formatProblem(problem))}\n`);
      if (problems.length > 0) io.exitWith(exitCodes.failure);
    });
}

async function readFiles(names: readonly string[], io: CommandIo): Promise<readonly ManifestText[]> {
  const { readManifestFiles } = await import("../app.ts");
  const files: ManifestText[] = [];
  for (const name of names) {
    if (name === "-") files.push({ path: "standard input", text: await text(io.stdin) });
    else files.push(...(await readManifestFiles(name)));
  }
  return files;
}

interface ManifestText {
  readonly path: string;
  readonly text: string;
}
