import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { FakeEnvoy } from "../xds/fake-envoy.ts";
import { eventually, type GatehouseProcess, startGatehouse } from "./gatehouse-process.ts";
import { namespace, platform, route } from "./shop-manifests.ts";

const budget = `
apiVersion: gatehouse.dev/v1alpha1
kind: NamespaceBudget
metadata: { name: loud }
spec: { namespaces: { names: [loud] }, limits: { changesPerMinute: 30 } }
`;

let folder = "";
let gatehouse: GatehouseProcess;
let envoy: FakeEnvoy;
/** Every path of a route of `loud` or `quiet` that the proxy was sent. */
let seen = new Set<string>();
let taken = 0;
let following: NodeJS.Timeout | undefined;

beforeEach(async () => {
  seen = new Set();
  taken = 0;
  folder = await mkdtemp(join(tmpdir(), "gatehouse-rate-"));
  await write("platform.yaml", platform);
  await write("loud.yaml", namespace("loud") + route("loud", { path: "/loud-0" }));
  await write("quiet.yaml", namespace("quiet") + route("quiet", { path: "/quiet-0" }));
});

afterEach(async () => {
  clearInterval(following);
  await envoy?.close();
  await gatehouse?.stop();
  await rm(folder, { recursive: true });
});

/** Editors move files into place, and so does this. */
async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `.${name}`), text);
  await rename(join(folder, `.${name}`), join(folder, name));
}

async function start(): Promise<void> {
  gatehouse = await startGatehouse(folder);
  envoy = new FakeEnvoy({ port: Number(gatehouse.xds.split(":")[1]), transport: "delta", cluster: "infra/shared" });
  for (const type of ["cluster", "endpoint", "listener"] as const) envoy.subscribe(type);
  envoy.subscribe("route", "http-8080");
  following = setInterval(acknowledge, 2);
  await eventually(() => expect(seen.size).toBe(2));
}

/** Takes what has arrived. */
function acknowledge(): void {
  for (; taken < envoy.received.length; taken += 1) {
    const answer = envoy.received[taken];
    if (answer === undefined) return;
    envoy.ack(answer);
    for (const { bytes } of answer.resources.values()) {
      for (const [path] of Buffer.from(bytes)
        .toString("latin1")
        .matchAll(/\/(?:loud|quiet)-\d+/g)) {
        if (answer.type === "route") seen.add(path);
      }
    }
  }
}

/** What `live` did. */
interface Life {
  /** The path of loud's last edit. */
  readonly last: string;
  readonly seconds: number;
}

/**
 * Has `loud` edit its route a hundred times a second, or as often as the machine can, and `quiet` ten times meanwhile: the
 * next time as soon as the one before has arrived, so that none may wait for the other's end. Gives up after 40 s.
 */
async function live(edits: number): Promise<Life> {
  const started = performance.now();
  let quiet = 0;
  let edit = 0;
  while ((edit < edits || !seen.has(`/quiet-${quiet}`)) && performance.now() - started < 40_000) {
    edit += 1;
    await write("loud.yaml", namespace("loud") + route("loud", { path: `/loud-${edit}` }));
    if (edit % 40 === 0 && edit <= edits && seen.has(`/quiet-${quiet}`)) {
      quiet = edit;
      await write("quiet.yaml", namespace("quiet") + route("quiet", { path: `/quiet-${edit}` }));
    }
    const wait = started + edit * 10 - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  expect(quiet).toBeGreaterThan(0);
  expect(seen).toContain(`/quiet-${quiet}`);
  return { last: `/loud-${edit}`, seconds: (performance.now() - started) / 1000 };
}

const loudVersions = () => [...seen].filter((path) => path.startsWith("/loud-")).length;
const status = async () => (await fetch(`http://${gatehouse.debug}/debug/status?kind=HTTPRoute&namespace=loud`)).text();
const waiting = 'gatehouse_delayed_changes{namespace="loud"} 1';
const metrics = async () => (await fetch(`http://${gatehouse.health}/metrics`)).text();

it("delays and merges the changes of a namespace beyond its rate, and nobody else's", async () => {
  await write("budget.yaml", budget);
  await start();
  const isTold = eventually(async () => expect(await status()).toContain("gatehouse.dev/ChangesDelayed"));
  const isCounted = eventually(async () => expect(await metrics()).toContain(waiting));
  const { last, seconds } = await live(400);
  await Promise.all([isTold, isCounted]);
  // A minute's worth at once, one for every two seconds since, and what there was at first.
  expect(loudVersions()).toBeLessThan(40 + seconds / 2);
  await eventually(() => expect(seen.has(last)).toBe(true));
  await eventually(async () => expect(await status()).not.toContain("ChangesDelayed"));
  expect(await metrics()).not.toContain(waiting);
}, 90_000);

it("lets every change of a namespace through where no rate is set, and nobody else's wait", async () => {
  await start();
  const { last } = await live(400);
  await eventually(() => expect(seen.has(last)).toBe(true));
  expect(loudVersions()).toBeGreaterThan(15);
}, 90_000);
