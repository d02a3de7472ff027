/** The program of a load: sends requests at a steady pace over kept connections, and counts what comes back. */
import type { LoadFailure, LoadOrder, LoadTarget, LoadTotals } from "./load.ts";
import { LoadPool } from "./load-pool.ts";

const tickMs = 4;
const mostFailures = 100;
/** Latencies are counted in steps of a tenth of a millisecond, up to thirty seconds. */
const steps = new Uint32Array(300_001);

const targets = new Map<string, LoadTarget>();
let order: readonly LoadTarget[] = [];
const pools = new Map<string, LoadPool>();
const statuses = new Map<string, number>();
const backends = new Map<string, number>();
const failures: LoadFailure[] = [];
let failed = 0;
let answered = 0;
let underWay = 0;
let next = 0;
let connectionsEach = 8;
let pacing: NodeJS.Timeout | undefined;

process.on("message", (message: LoadOrder) => {
  switch (message.kind) {
    case "start":
      connectionsEach = message.connections;
      start(message.perSecond);
      break;
    case "add":
      for (const target of message.targets) targets.set(target.id, target);
      order = [...targets.values()];
      break;
    case "remove":
      for (const id of message.ids) targets.delete(id);
      order = [...targets.values()];
      break;
    case "totals":
      process.send?.(totals());
      break;
    case "stop":
      stop();
      break;
  }
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

function start(perSecond: number): void {
  const began = performance.now();
  let sent = 0;
  pacing = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1000);
    // After a pause of this process what it missed is not sent all at once.
    if (due - sent > perSecond / 10) sent = due - Math.ceil(perSecond / 10);
    for (; sent < due; sent += 1) send();
  }, tickMs);
}

function send(): void {
  if (order.length === 0) return;
  next = (next + 1) % order.length;
  const target = order[next];
  if (target === undefined) return;
  const started = performance.now();
  underWay += 1;
  poolOf(target).send(target, (status, detail) => {
    underWay -= 1;
    answered += 1;
    count(statuses, String(status));
    const step = Math.min(steps.length - 1, Math.round((performance.now() - started) * 10));
    steps[step] = (steps[step] ?? 0) + 1;
    const mayAnswer = target.backends?.includes(detail) ?? true;
    if (status === 200 && mayAnswer) return count(backends, detail);
    failed += 1;
    const reason = status === 0 ? detail : `${status} from ${detail}`;
    if (failures.length < mostFailures) failures.push({ at: Date.now(), target: target.id, reason });
  });
}

function poolOf(target: LoadTarget): LoadPool {
  const { address, port, protocol = "http1", authority } = target;
  const key = `${protocol} ${address} ${port}${authority === undefined ? "" : ` ${target.host}`}`;
  const pool = pools.get(key) ?? new LoadPool(target, connectionsEach);
  pools.set(key, pool);
  return pool;
}

function stop(): void {
  clearInterval(pacing);
  const deadline = Date.now() + 32_000;
  const waiting = setInterval(() => {
    if (underWay > 0 && Date.now() < deadline) return;
    clearInterval(waiting);
    process.send?.(totals(), () => process.exit());
  }, 5);
}

function totals(): LoadTotals {
  return {
    requests: answered,
    failed,
    failures,
    statuses: Object.fromEntries(statuses),
    backends: Object.fromEntries(backends),
    connections: [...pools.values()].reduce((sum, pool) => sum + pool.opened, 0),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    maxMs: steps.findLastIndex((number) => number > 0) / 10,
  };
}

function quantile(share: number): number {
  let left = answered * share;
  return (
    steps.findIndex((number) => {
      left -= number;
      return left <= 0;
    }) / 10
  );
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
