import { proxyBootstrap } from "../../src/app.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { type Http1Connection, openHttp1 } from "../support/client.ts";
import { eventually, freeLoopbackAddress, type RunningEnvoy, sleep, startEnvoy } from "../support/envoy.ts";
import { type ControlPlaneProcess, serveFolder } from "./control-plane-process.ts";
import { type ManifestFolder, writeManifests } from "./manifest-folder.ts";
import { cpuTimeOf, residentOf } from "./process-cpu.ts";
import { type Summary, summarize } from "./samples.ts";
import { benchGateway, hostOf, listenerPort, pathOf, type Shape } from "./world.ts";

/** What single-route edits cost with a real Envoy behind the real control plane. */
export interface EnvoyCosts {
  readonly shape: Shape;
  readonly routes: number;
  /** From the move of the manifest into place to the first answer by the new route, milliseconds. */
  readonly served: Summary;
  readonly servedMs: readonly number[];
  /** CPU time of all threads of Envoy for each change, less what it uses when nothing changes, milliseconds. */
  readonly envoyCpuMs: number;
  readonly envoyCpuMsOfTurns: readonly number[];
  /** The same of the control plane's process: the reading of files, translation, and sending. */
  readonly controlPlaneCpuMs: number;
  /** Of discovery responses, for each change. */
  readonly bytesPerChange: number;
  readonly responsesPerChange: number;
  readonly envoyMiB: number;
  readonly controlPlaneMiB: number;
  readonly readyMs: number;
}

interface Stage {
  readonly shape: Shape;
  readonly routes: number;
  readonly folder: ManifestFolder;
  readonly controlPlane: ControlPlaneProcess;
  readonly envoy: RunningEnvoy;
  readonly connection: Http1Connection;
}

const timedEdits = 60;
const countedTurns = 6;
const editsPerTurn = 30;
/** Revisions above those of the timed edits. */
const firstCounted = 1000;
/** Longer than the file source and the translator gather changes: every edit is a change of its own. */
const editEveryMs = 60;

/** Measures one shape and size from the manifest to the answer. */
export async function measureWithEnvoy(shape: Shape, routes: number): Promise<EnvoyCosts> {
  const ends: (() => Promise<void>)[] = [];
  try {
    return await measure(await prepare(shape, routes, ends));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

async function prepare(shape: Shape, routes: number, ends: (() => Promise<void>)[]): Promise<Stage> {
  const backend: Backend = await startBackend({ name: "bench" });
  ends.push(() => backend.stop());
  const folder = await writeManifests(shape, routes, { address: backend.address, port: backend.port });
  ends.push(() => folder.remove());
  const address = await freeLoopbackAddress();
  const controlPlane = await serveFolder(folder.path, address);
  ends.push(() => controlPlane.stop());
  const options = { gateway: benchGateway, nodeId: "bench", adminAddress: "127.0.0.1", adminPort: 0 };
  const envoy = await startEnvoy({ bootstrap: proxyBootstrap({ ...options, xds: controlPlane.xds }) });
  ends.push(() => envoy.stop());
  const connection = await eventually("the listener is open", () => openHttp1({ address, port: listenerPort }), 120);
  ends.push(async () => connection.close());
  const stage = { shape, routes, folder, controlPlane, envoy, connection };
  for (const index of [0, routes - 1]) await eventually("it is served", () => answers(stage, index, 0), 120);
  await sleep(3000);
  return stage;
}

async function measure(stage: Stage): Promise<EnvoyCosts> {
  const { shape, routes, controlPlane, envoy } = stage;
  const servedMs: number[] = [];
  for (let edit = 1; edit <= timedEdits + 5; edit++) {
    const took = await timeEdit(stage, indexOf(stage, edit), edit);
    if (edit > 5) servedMs.push(took);
  }
  return {
    shape,
    routes,
    served: summarize(servedMs),
    servedMs,
    ...(await countEdits(stage)),
    envoyMiB: await residentOf(envoy.pid),
    controlPlaneMiB: await residentOf(controlPlane.pid),
    readyMs: controlPlane.readyMs,
  };
}

/** Asks without a pause: Envoy's own time is measured apart from this. */
async function timeEdit(stage: Stage, index: number, revision: number): Promise<number> {
  // Not in step with anything that happens at regular times.
  await sleep(40 + Math.random() * 60);
  const started = performance.now();
  await stage.folder.edit(index, revision);
  while (!(await answers(stage, index, revision))) {
    if (performance.now() - started > 30_000) throw new Error(`an edit of route ${index} is never served`);
  }
  return performance.now() - started;
}

/** Quiet and busy times take turns, so that whatever Envoy does besides falls on both. */
async function countEdits(stage: Stage) {
  const { controlPlane, envoy } = stage;
  await sleep(2000);
  const before = await counters(controlPlane);
  const turns: { idle: Usage; busy: Usage }[] = [];
  for (let turn = 0; turn < countedTurns; turn++) {
    const idle = await usage(stage, () => sleep(2000));
    turns.push({ idle, busy: await usage(stage, () => editInTurn(stage, turn)) });
  }
  const after = await counters(controlPlane);
  const last = countedTurns * editsPerTurn - 1;
  await eventually("the last edit is served", () => answers(stage, indexOf(stage, last), firstCounted + last));
  if ([...(await envoy.stats("update_rejected$")).values()].some((count) => count > 0))
    throw new Error("Envoy refused");
  const edits = countedTurns * editsPerTurn;
  const perChange = (of: "envoyMs" | "controlPlaneMs") =>
    turns.map(({ idle, busy }) => (busy[of] - (idle[of] * busy.wallMs) / idle.wallMs) / editsPerTurn);
  return {
    envoyCpuMs: mean(perChange("envoyMs")),
    envoyCpuMsOfTurns: perChange("envoyMs"),
    controlPlaneCpuMs: mean(perChange("controlPlaneMs")),
    bytesPerChange: (after.bytes - before.bytes) / edits,
    responsesPerChange: (after.responses - before.responses) / edits,
  };
}

async function editInTurn(stage: Stage, turn: number): Promise<void> {
  for (let edit = turn * editsPerTurn; edit < (turn + 1) * editsPerTurn; edit++) {
    await stage.folder.edit(indexOf(stage, edit), firstCounted + edit);
    await sleep(editEveryMs);
  }
  await sleep(300);
}

function mean(values: readonly number[]): number {
  return summarize(values).mean;
}

interface Usage {
  readonly envoyMs: number;
  readonly controlPlaneMs: number;
  readonly wallMs: number;
}

async function usage({ envoy, controlPlane }: Stage, work: () => Promise<unknown>): Promise<Usage> {
  const times = async () => [await cpuTimeOf(envoy.pid), await cpuTimeOf(controlPlane.pid), performance.now()] as const;
  const [envoyBefore, controlPlaneBefore, started] = await times();
  await work();
  const [envoyAfter, controlPlaneAfter, ended] = await times();
  return {
    envoyMs: envoyAfter - envoyBefore,
    controlPlaneMs: controlPlaneAfter - controlPlaneBefore,
    wallMs: ended - started,
  };
}

async function counters(controlPlane: ControlPlaneProcess) {
  return {
    bytes: await controlPlane.counter("gatehouse_xds_response_bytes_total"),
    responses: await controlPlane.counter("gatehouse_xds_responses_total"),
  };
}

async function answers({ connection, shape }: Stage, index: number, revision: number): Promise<boolean> {
  const host = shape === "wildcards" ? `www.${hostOf(index)}` : hostOf(index);
  return (await connection.send({ host, path: pathOf(index, revision) })).status === 200;
}

/** A prime: spread over all routes. */
function indexOf({ routes }: Stage, edit: number): number {
  return (edit * 7919) % routes;
}
