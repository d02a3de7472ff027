import { setTimeout as sleep } from "node:timers/promises";
import type { BedApi } from "../bed/api.ts";
import { hostOf, ruleTo, sharedService } from "./bench-objects.ts";
import { benchPaths } from "./bench-paths.ts";
import { type ChangeCosts, type PartTimes, parts } from "./bench-settings.ts";
import { type ClusterProcesses, eachPartOf } from "./cluster-processes.ts";
import { routeName } from "./create-all.ts";
import type { GatewayProbe } from "./gateway-probe.ts";

interface Bench {
  readonly api: BedApi;
  readonly probe: GatewayProbe;
  readonly processes: ClusterProcesses;
}

const turns = 6;
const changesPerTurn = 30;
/** Longer than anybody gathers changes: each is one of its own, with a status of its own. */
const changeEveryMs = 100;
const quietMs = 3_000;

/** Gives routes another path, one after the other. Quiet times take turns with busy ones, and count as nothing's cost. */
export async function measureChanges(bench: Bench, routes: number): Promise<ChangeCosts> {
  const measured: { readonly quiet: Usage; readonly busy: Usage }[] = [];
  await changeInTurn(bench, routes, 0);
  for (let turn = 1; turn <= turns; turn++) {
    const quiet = await usage(bench, () => sleep(quietMs));
    measured.push({ quiet, busy: await usage(bench, () => changeInTurn(bench, routes, turn)) });
  }
  const last = changeOf(routes, turns, changesPerTurn - 1);
  await bench.probe.untilServed(hostOf(last.name), last.path);
  const cpuMsOfTurns = measured.map(({ quiet, busy }) =>
    eachPartOf((part) => (busy.cpu[part] - (quiet.cpu[part] * busy.wallMs) / quiet.wallMs) / changesPerTurn),
  );
  const rest = measured.map(({ quiet }) => eachPartOf((part) => (quiet.cpu[part] * 1000) / quiet.wallMs));
  return { count: turns * changesPerTurn, cpuMs: mean(cpuMsOfTurns), cpuMsOfTurns, restMsPerSecond: mean(rest) };
}

interface Usage {
  readonly cpu: PartTimes;
  readonly wallMs: number;
}

async function usage({ processes }: Bench, work: () => Promise<unknown>): Promise<Usage> {
  const before = await processes.cpuTimes();
  const started = performance.now();
  await work();
  const after = await processes.cpuTimes();
  return { cpu: eachPartOf((part) => after[part] - before[part]), wallMs: performance.now() - started };
}

async function changeInTurn({ api }: Bench, routes: number, turn: number): Promise<void> {
  for (let change = 0; change < changesPerTurn; change++) {
    const { name, path, service } = changeOf(routes, turn, change);
    await api.merge(`${benchPaths.routes}/${name}`, { spec: { rules: [ruleTo(service, path)] } });
    await sleep(changeEveryMs);
  }
  await sleep(500);
}

/** Spread over all routes by a prime; no path comes twice. */
function changeOf(routes: number, turn: number, change: number) {
  const count = turn * changesPerTurn + change;
  const index = (count * 7919) % routes;
  return { name: routeName(index), path: `/change-${count}`, service: sharedService(index) };
}

function mean(times: readonly PartTimes[]): PartTimes {
  const sums = new Map(parts.map((part) => [part, times.reduce((sum, each) => sum + each[part], 0)]));
  return eachPartOf((part) => (sums.get(part) ?? Number.NaN) / times.length);
}
