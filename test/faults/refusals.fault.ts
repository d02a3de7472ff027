import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { send } from "../support/client.ts";
import { eventually } from "../support/envoy.ts";
import { scaled } from "./scale.ts";
import { sentBy } from "./support/control-plane.ts";
import { startLoad, tellTotals } from "./support/load.ts";
import { type Manifest, type RuleFields, route, tlsSecret } from "./support/manifests.ts";
import { type PickyGateway, startPickyGateway } from "./support/picky-gateway.ts";

/** So many routes in one table: 50 to a hostname, and to a file. */
const routes = 5_000;
const perHost = 50;
const quiet = scaled({ short: 8_000, long: 60_000 });

let gateway: PickyGateway;

beforeAll(async () => {
  gateway = await startPickyGateway(async (manifests) => {
    for (let host = 0; host < routes / perHost; host += 1) await manifests.write(`${host}.yaml`, ...hostRoutes(host));
    await manifests.write("early.yaml", badRoute("early", 33, { retry: { attempts: 2 } }));
  });
}, 120_000);

afterAll(() => gateway?.end());

function hostOf(host: number): string {
  return `h${host}.example.com`;
}

/** All routes of a hostname: `/r0/v1` to `/r49/v1`, or of another version. */
function hostRoutes(host: number, version = "v1"): readonly Manifest[] {
  return Array.from({ length: perHost }, (_, index) =>
    route(`h${host}-${index}`, { host: hostOf(host), rules: [{ path: `/r${index}/${version}`, backend: "web" }] }),
  );
}

/** A route that is good for us and for no proxy of this fleet; its first rule is good for everybody. */
function badRoute(name: string, host: number, rule: object): Manifest {
  const good: RuleFields = { path: `/${name}/good`, backend: "web" };
  const made = route(name, { host: hostOf(host), rules: [good] });
  const spec = made["spec"] as { readonly rules: readonly object[] };
  const matches = [{ path: { type: "PathPrefix", value: `/${name}/bad` } }];
  return {
    ...made,
    spec: { ...spec, rules: [...spec.rules, { matches, backendRefs: [{ name: "web", port: 80 }], ...rule }] },
  };
}

const refused = [
  {
    name: "regex",
    what: "a regular expression that is too large",
    rule: { matches: [{ path: { type: "RegularExpression", value: "/regex/bad[a-z]{0,60}" } }] },
    words: /program size/,
    // What it matches cannot be told to the proxy at all.
    answer: 404,
  },
  {
    name: "extension",
    what: "an extension that it does not know",
    rule: { retry: { attempts: 2 } },
    words: /previous_hosts/,
    answer: 500,
  },
  {
    name: "header",
    what: "a header that is too long",
    rule: {
      filters: [
        {
          type: "RequestHeaderModifier",
          requestHeaderModifier: { set: [{ name: "x-long", value: "x".repeat(20_000) }] },
        },
      ],
    },
    // The table is large: Envoy's words end within what they quote of it.
    words: /Proto constraint validation failed/,
    answer: 500,
  },
] as const;

interface ShownCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

async function conditionsOf(name: string): Promise<readonly ShownCondition[]> {
  const { statuses } = (await gateway.debug(`/debug/status?kind=HTTPRoute&namespace=shop&name=${name}`)) as {
    readonly statuses: readonly {
      readonly status: { readonly parents?: readonly { conditions: ShownCondition[] }[] };
    }[];
  };
  return statuses[0]?.status.parents?.[0]?.conditions ?? [];
}

function condition(all: readonly ShownCondition[], type: string): string {
  const found = all.find((each) => each.type === type);
  return found === undefined ? "none" : `${found.status} ${found.reason} ${found.message}`;
}

async function refusals(): Promise<number> {
  return (await gateway.controlPlane.metrics()).get('gatehouse_xds_refusals_total{type="route"}') ?? 0;
}

it("fault 15: a proxy starts with 5000 routes of which it refuses one: all others are served within 5 s", async () => {
  await gateway.envoy?.stop();
  const before = await sentBy(gateway.controlPlane);
  const began = performance.now();
  await gateway.startEnvoy();
  const asked = [0, 33, 99].flatMap((host) => [0, 25, 49].map((index) => [hostOf(host), `/r${index}/v1`] as const));
  const isServed = async () => {
    const answers = await Promise.all(asked.map(([host, path]) => gateway.ask(host, path)));
    return answers.every((status) => status === 200);
  };
  await eventually("the others are served", isServed);
  const served = performance.now() - began;
  await eventually("its rule answers 500", async () => (await gateway.ask(hostOf(33), "/early/bad")) === 500);
  const pushes = (await sentBy(gateway.controlPlane)).byType.route - before.byType.route;
  const nacks = await refusals();
  console.log(
    `fault 15: one bad rule of ${routes} that are all new: ${served.toFixed(0)} ms after the proxy's start the others are served, ${pushes} pushes of the table, ${nacks} refused`,
  );
  expect(served).toBeLessThanOrEqual(5_000);
  expect(nacks).toBeGreaterThan(0);
  expect(pushes).toBeLessThanOrEqual(2 * Math.log2(routes) + 2 + 2);
});

/** A hostname of its own for each try. */
let next = 10;
const settled = new Map<string, { readonly host: number; readonly name: string; readonly answer: number }>();

it.each(refused)(
  "fault 15: a proxy refuses $what in one of 5000 routes: all others are applied within 5 s",
  async (one) => {
    const host = next++;
    const name = `${one.name}-${host}`;
    const [sentBefore, refusedBefore] = [await sentBy(gateway.controlPlane), await refusals()];
    const load = await startLoad({ targets: [targetOf(1), targetOf(99)], perSecond: 100 });
    const began = performance.now();
    // 50 routes change together with the bad one: they are in its table, and on its hostname.
    await gateway.manifests.write(`${host}.yaml`, ...hostRoutes(host, "v2"), badRoute(name, host, one.rule));
    await eventually(
      "the others are applied",
      async () => (await gateway.ask(hostOf(host), `/r${perHost - 1}/v2`)) === 200,
    );
    const applied = performance.now() - began;
    await eventually("its good rule is served", async () => (await gateway.ask(hostOf(host), `/${name}/good`)) === 200);
    const answered = performance.now() - began;
    await eventually("its owner is told", async () =>
      condition(await conditionsOf(name), "gatehouse.dev/Programmed").startsWith("False RefusedByProxy"),
    );
    const told = performance.now() - began;
    settled.set(one.name, { host, name, answer: one.answer });
    const [sent, nacks] = [await sentBy(gateway.controlPlane), (await refusals()) - refusedBefore];
    const pushes = sent.byType.route - sentBefore.byType.route;
    await sleep(quiet);
    const after = await sentBy(gateway.controlPlane);
    const totals = await load.stop();
    const times = `others applied after ${applied.toFixed(0)} ms, its good rule after ${answered.toFixed(0)}, told after ${told.toFixed(0)}`;
    const messages = `${pushes} pushes of the table, ${nacks} refused, ${after.responses - sent.responses} messages in the ${quiet / 1000} s after`;
    console.log(`fault 15: ${one.what}: ${times}; ${messages}; beside it ${tellTotals(totals)}`);

    expect(applied).toBeLessThanOrEqual(5_000);
    expect(told).toBeLessThanOrEqual(10_000);
    // One resource has changed, and 52 parts of it.
    expect(pushes).toBeLessThanOrEqual(2 + 2 * Math.log2(perHost + 2) + 2);
    expect(nacks).toBeGreaterThan(0);
    expect(after.responses - sent.responses).toBeLessThanOrEqual(5);
    expect(totals.failures).toEqual([]);
    const all = await conditionsOf(name);
    expect(condition(all, "Accepted")).toMatch(/^True/);
    expect(condition(all, "PartiallyInvalid")).toMatch(/^True UnsupportedValue Dropped Rule 1[:,]/);
    expect(condition(all, "gatehouse.dev/Programmed")).toMatch(one.words);
    expect(await gateway.ask(hostOf(host), `/${name}/bad`)).toBe(one.answer);
    expect(condition(await conditionsOf(`h${host}-0`), "gatehouse.dev/Programmed")).toBe("none");
    const { quarantines } = await gateway.debug("/debug/quarantines");
    expect(quarantines).toContainEqual(expect.objectContaining({ object: `HTTPRoute/shop/${name}` }));
    const metrics = await gateway.controlPlane.metrics();
    expect(metrics.get('gatehouse_quarantined{kind="HTTPRoute"}')).toBe((quarantines as readonly unknown[]).length);
  },
);

function targetOf(host: number) {
  return { id: hostOf(host), address: gateway.address, port: 8080, host: hostOf(host), path: "/r0/v1" };
}

/** What is not answered as it should be. */
async function astray(): Promise<readonly string[]> {
  const asked = [
    ...[...settled.values()].flatMap(({ host, name, answer }) => [
      { host, path: `/r${perHost - 1}/v2`, want: 200 },
      { host, path: `/${name}/good`, want: 200 },
      { host, path: `/${name}/bad`, want: answer },
    ]),
    ...[0, 50, 99].map((host) => ({ host, path: "/r49/v1", want: 200 })),
    { host: 33, path: "/early/bad", want: 500 },
  ];
  const answers = await Promise.all(
    asked.map(async ({ host, path, want }) => ({ path, want, is: await gateway.ask(hostOf(host), path) })),
  );
  return answers.flatMap(({ path, want, is }) => (is === want ? [] : [`${path} ${is}`]));
}

/** From the start of Envoy, not of what it waits for. */
async function serves(began: number): Promise<number> {
  await eventually("the last good set is served", async () => (await astray()).length === 0, 30);
  return performance.now() - began;
}

it("fault 16: a proxy restarts while refused content is current: it serves the last good set within 5 s", async () => {
  expect(settled.size).toBe(refused.length);
  expect(await astray()).toEqual([]);
  await gateway.envoy?.stop();
  const [began, before] = [performance.now(), await refusals()];
  await gateway.startEnvoy();
  const took = await serves(began);
  const again = (await refusals()) - before;
  console.log(`fault 16: the last good set is served ${took.toFixed(0)} ms after the proxy's start, ${again} refusals`);
  expect(took).toBeLessThanOrEqual(5_000);
  expect(again).toBe(0);
});

it("fault 16: a proxy and the control plane restart together: nothing that was refused is sent again", async () => {
  await Promise.all([gateway.envoy?.stop(), gateway.controlPlane.stop("SIGKILL")]);
  await gateway.startControlPlane();
  const began = performance.now();
  await gateway.startEnvoy();
  const took = await serves(began);
  const again = await refusals();
  console.log(
    `fault 16: after both were ended the last good set is served ${took.toFixed(0)} ms after the proxy's start, ${again} refusals`,
  );
  expect(took).toBeLessThanOrEqual(5_000);
  expect(again).toBe(0);
  for (const { name, words } of refused) {
    const told = condition(await conditionsOf(settled.get(name)?.name ?? ""), "gatehouse.dev/Programmed");
    expect(told).toMatch(words);
  }
});

it("fault 15: what was refused is tried again when it changes, and leaves nothing behind", async () => {
  const { host, name } = settled.get("regex") ?? { host: 0, name: "" };
  const before = await quarantined();
  await gateway.manifests.write(`${host}.yaml`, ...hostRoutes(host, "v2"), badRoute(name, host, {}));
  await eventually("it is served", async () => (await gateway.ask(hostOf(host), `/${name}/bad`)) === 200);
  await eventually("it is told no more", async () => (await conditionsOf(name)).length === 2);
  const after = await quarantined();
  expect(before).toContain(`HTTPRoute/shop/${name}`);
  expect(after).toEqual(before.filter((object) => object !== `HTTPRoute/shop/${name}`));
});

/** The objects of which something is not sent. */
async function quarantined(): Promise<readonly string[]> {
  const { quarantines } = (await gateway.debug("/debug/quarantines")) as {
    readonly quarantines: readonly { readonly object: string }[];
  };
  return [...new Set(quarantines.map(({ object }) => object))].sort();
}

it("fault 15: a proxy refuses a certificate that comes beside another: the listener goes on with that one", async () => {
  const authority = await createCertificateAuthority();
  const names = [hostOf(0)];
  const weak = await issueCertificate(authority, { names, keyKind: "weak rsa" });
  const good = await issueCertificate(authority, { names });
  const listen = (...certificates: readonly string[]) => {
    const certificateRefs = certificates.map((name) => ({ name }));
    const tls = { certificateRefs };
    const https = { name: "https", port: 8443, protocol: "HTTPS", tls, allowedRoutes: { namespaces: { from: "All" } } };
    return gateway.manifests.write("platform.yaml", ...gateway.foundation(https));
  };
  const tls = { serverName: hostOf(0), authority: authority.certificatePem };
  const ask = () => send({ address: gateway.address, port: 8443, tls }, { host: hostOf(0), path: "/r0/v1" });
  const told = async () => {
    const { statuses } = (await gateway.debug("/debug/status?kind=Gateway")) as unknown as ShownGateways;
    const listener = statuses[0]?.status.listeners.find(({ name }) => name === "https");
    const conditions = listener?.conditions ?? [];
    return [condition(conditions, "ResolvedRefs"), condition(conditions, "Programmed")];
  };
  await gateway.manifests.write("secrets.yaml", tlsSecret("weak", weak), tlsSecret("good", good));
  await listen("good");
  await eventually("it is served", async () => (await ask()).status === 200);
  const target = { ...targetOf(0), id: "https", port: 8443, authority: authority.certificatePem };
  const load = await startLoad({ targets: [targetOf(1), target], perSecond: 100 });
  const [before, began] = [await sentBy(gateway.controlPlane), performance.now()];
  await listen("weak", "good");
  const words = /^False InvalidCertificateRef Secret infra\/weak is refused by proxies: .*2048/;
  await eventually("its owner is told", async () => words.test((await told())[0] ?? ""));
  const took = performance.now() - began;
  await eventually("it is programmed", async () => (await told())[1]?.startsWith("True") === true);
  await listen("weak", "good");
  const after = await sentBy(gateway.controlPlane);
  const totals = await load.stop();
  const [secrets, listeners] = [
    after.byType.secret - before.byType.secret,
    after.byType.listener - before.byType.listener,
  ];
  console.log(
    `fault 15: a certificate: its owner is told after ${took.toFixed(0)} ms, ${secrets} pushes of secrets, ${listeners} of listeners; beside it ${tellTotals(totals)}`,
  );
  expect(took).toBeLessThanOrEqual(10_000);
  expect(secrets).toBeLessThanOrEqual(2);
  expect(totals.failures).toEqual([]);
  expect((await ask()).status).toBe(200);
});

interface ShownGateways {
  readonly statuses: readonly {
    readonly status: { readonly listeners: readonly { readonly name: string; conditions: ShownCondition[] }[] };
  }[];
}
