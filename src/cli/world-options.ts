/** What verbs that look at a whole world have in common: it is in files, or in a cluster. */
import { text } from "node:stream/consumers";
import { type Command, Option } from "commander";
import type { ManifestText, WorldSource } from "../app.ts";
import { controllerSettings } from "../controller-config.ts";
import { environmentName } from "../settings.ts";
import type { CommandIo } from "./command-io.ts";

/** Which cluster is meant, and with which rights. */
export interface LiveFlags {
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Adds the options that say which cluster is meant. */
export function addLiveOptions(command: Command): Command {
  const { kubeconfig } = controllerSettings;
  return command
    .option("--live", "look at the cluster that the kubeconfig leads to; so it is where no files are named")
    .addOption(new Option("--kubeconfig <file>", kubeconfig.description).env(environmentName(kubeconfig.flag)))
    .option("--context <name>", "another context of the kubeconfig than its current one");
}

/** Finds out what is to be looked at: files where they are named, else the cluster. */
export async function worldSource(
  { files, live, kubeconfig, context }: LiveFlags & { readonly files: readonly string[] | undefined },
  io: CommandIo,
): Promise<WorldSource | Error> {
  if (files !== undefined && live === true) return new Error("name files, or --live, but not both");
  if (files === undefined) {
    return { kind: "live", ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) };
  }
  const texts = await readManifestTexts(files, io);
  return texts instanceof Error ? texts : { kind: "manifests", files: texts };
}

/** Reads files and folders of manifests, and standard input for `-`; an error tells what cannot be read. */
export async function readManifestTexts(
  names: readonly string[],
  io: CommandIo,
): Promise<readonly ManifestText[] | Error> {
  const { readManifestFiles } = await import("../app.ts");
  const files: ManifestText[] = [];
  try {
    for (const name of names) {
      if (name === "-") files.push({ path: "standard input", text: await text(io.stdin) });
      else files.push(...(await readManifestFiles(name)));
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return files;
}
