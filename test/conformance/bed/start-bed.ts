import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BedApi, openApi } from "./api.ts";
import { type BedProcess, formatProcess, identifyProcess, readLivingProcess } from "./bed-process.ts";
import { ensureBinaries } from "./binaries.ts";
import { type CrdSelection, installCrds } from "./crds.ts";
import { bedImages } from "./image-table.ts";
import { type BedLayout, layoutOf } from "./layout.ts";
import { type RunOptions, type RunResult, runInside } from "./run-inside.ts";
import { endBed, endProcesses } from "./stop-bed.ts";
import type { SupervisorReport, SupervisorSettings } from "./supervisor-settings.ts";
import { waitFor } from "./wait-for.ts";

/** A cluster that runs on this machine, in namespaces of its own. */
export interface Bed {
  readonly layout: BedLayout;
  /** Holds an address inside the bed: for programs that {@link run} starts. */
  readonly kubeconfig: string;
  /** Reaches the API server from outside too. */
  readonly api: BedApi;
  readonly process: BedProcess;
  /** Runs a program inside the bed, with KUBECONFIG set and the bed's programs (kubectl, helm) in its PATH. */
  run(command: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Ends the bed and all that runs in it, and removes its state. */
  stop(): Promise<void>;
}

export interface BedOptions {
  /** Where the bed keeps its state; one bed per folder. */
  readonly stateDirectory: string;
  /** The release and channel of the Gateway API's CRDs to install; none unless told. */
  readonly crds?: CrdSelection;
}

/** Brings a bed up, or answers the one that already runs on that state. */
export async function startBed({ stateDirectory, crds }: BedOptions): Promise<Bed> {
  const layout = layoutOf(resolve(stateDirectory));
  const binaries = await ensureBinaries();
  if (readLivingProcess(layout.processFile) === undefined) {
    rmSync(layout.stateDirectory, { recursive: true, force: true });
    mkdirSync(layout.logs, { recursive: true });
    launch(layout, { stateDirectory: layout.stateDirectory, binaries, images: bedImages(binaries) });
  }
  try {
    await waitUntilReady(layout);
  } catch (error) {
    await endProcesses(layout);
    throw error;
  }
  const bed = openBed(layout);
  if (crds !== undefined) await installCrds(bed.api, crds);
  return bed;
}

/** Answers the bed that runs on a state; an error where none does. */
export function openBed(layout: BedLayout): Bed {
  const process = readLivingProcess(layout.processFile);
  if (process === undefined) throw new Error(`no bed runs on ${layout.stateDirectory}`);
  const credential = (name: string): string => readFileSync(join(layout.credentials, name), "utf8");
  const api = openApi({
    server: { socket: layout.apiSocket },
    authorityPem: credential("ca.crt"),
    certificatePem: credential("admin.crt"),
    keyPem: credential("admin.key"),
  });
  return {
    layout,
    kubeconfig: layout.kubeconfig,
    api,
    process,
    run: (command, options) => runInside({ process, layout }, command, options),
    stop: async () => {
      api.close();
      await endBed(layout);
    },
  };
}

/** The namespaces of a bed end with their first process, which ends with the shell's only child, the supervisor. */
const unshared = ["--mount", "--propagation", "private", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"];
// The shell is the first process there, and buries whoever has lost its parent.
const asFirstProcess = ["sh", "-c", '"$@" & wait $!', "bed"];

function launch(layout: BedLayout, settings: SupervisorSettings): void {
  writeFileSync(layout.settingsFile, JSON.stringify(settings));
  const supervisor = fileURLToPath(new URL("supervisor.ts", import.meta.url));
  const log = openSync(join(layout.logs, "supervisor.log"), "a");
  const args = [...unshared, ...asFirstProcess, process.execPath, supervisor, layout.settingsFile];
  const child = spawn("unshare", args, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  closeSync(log);
  const holder = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (holder === undefined) throw new Error("the bed's first process did not start; is unshare (util-linux) there?");
  writeFileSync(layout.processFile, formatProcess(holder));
  child.unref();
}

async function waitUntilReady(layout: BedLayout): Promise<void> {
  const report = await waitFor("the bed to report", async () => {
    if (existsSync(layout.readyFile)) return readReport(layout.readyFile);
    if (readLivingProcess(layout.processFile) !== undefined) return undefined;
    await sleep(200);
    return existsSync(layout.readyFile) ? readReport(layout.readyFile) : endedEarly(layout);
  });
  if (report.kind === "failed") throw new Error(`the bed did not come up: ${report.reason} (logs: ${layout.logs})`);
}

function readReport(file: string): SupervisorReport {
  // The supervisor's own words, moved into place when complete.
  return JSON.parse(readFileSync(file, "utf8")) as SupervisorReport;
}

function endedEarly(layout: BedLayout): SupervisorReport {
  return { kind: "failed", reason: readFileSync(join(layout.logs, "supervisor.log"), "utf8").slice(-2000) };
}
