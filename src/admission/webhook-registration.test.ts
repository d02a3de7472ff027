import { expect, it } from "vitest";
import type { KubeClient, KubeRequest, KubeResult, RawObject } from "../core/kube-client.ts";
import { registrationPatch, WebhookRegistration } from "./webhook-registration.ts";

const access = { ca: "PEM", token: "secret" };
const ours = { name: "hostnames.gatehouse.dev", clientConfig: { service: { name: "gatehouse-webhook" } } };
const bundle = Buffer.from("PEM").toString("base64");
const registered = { caBundle: bundle, service: { path: "/validate/secret" } };

function configurationOf(webhooks: unknown, version = "1"): RawObject {
  return { metadata: { name: "gatehouse", uid: "u", resourceVersion: version }, webhooks };
}

it.each<{ name: string; object: RawObject | undefined; want: readonly object[] }>([
  { name: "leaves alone what is not there", object: undefined, want: [] },
  { name: "leaves alone what has no webhooks", object: configurationOf(undefined), want: [] },
  { name: "leaves the webhooks of others alone", object: configurationOf([null, { name: "other" }]), want: [] },
  { name: "leaves alone what is right", object: configurationOf([{ ...ours, clientConfig: registered }]), want: [] },
  {
    name: "adds authorities and path to its own webhook, wherever it stands",
    object: configurationOf([{ name: "other" }, ours]),
    want: [
      { op: "test", path: "/webhooks/1/name", value: ours.name },
      { op: "add", path: "/webhooks/1/clientConfig/caBundle", value: bundle },
      { op: "add", path: "/webhooks/1/clientConfig/service/path", value: "/validate/secret" },
    ],
  },
  {
    name: "replaces authorities that are others",
    object: configurationOf([{ ...ours, clientConfig: { ...registered, caBundle: "b3RoZXI=" } }]),
    want: [
      { op: "test", path: "/webhooks/0/name", value: ours.name },
      { op: "add", path: "/webhooks/0/clientConfig/caBundle", value: bundle },
    ],
  },
])("registrationPatch $name", ({ object, want }) => expect(registrationPatch(object, access)).toEqual(want));

/** A registration whose API server answers as told, and whose timers run when told. */
function start(answer: (request: KubeRequest) => KubeResult<unknown>) {
  const sent: string[] = [];
  const refused: string[] = [];
  const timers: { readonly milliseconds: number; readonly task: () => void }[] = [];
  let now = 0;
  const client: KubeClient = {
    request: async <T>(request: KubeRequest) => {
      sent.push(request.method);
      return answer(request) as KubeResult<T>; // what the API server would send
    },
  };
  const after = (milliseconds: number, task: () => void) => {
    const timer = { milliseconds, task };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), 1);
  };
  const registration = new WebhookRegistration({
    client,
    name: "gatehouse",
    access: () => access,
    scheduler: { now: () => now, after },
    random: () => 0,
    onRefused: (message) => void refused.push(message),
  });
  registration.lead(true);
  const tick = async () => {
    const timer = timers.shift();
    now += timer?.milliseconds ?? 0;
    timer?.task();
    await registration.idle();
    return timer?.milliseconds;
  };
  return { registration, sent, refused, timers, tick, pass: (milliseconds: number) => (now += milliseconds) };
}

it("answers somebody who writes there all the time ever more slowly, and at once after a quiet minute", async () => {
  let version = 1;
  const { registration, sent, tick, pass } = start(() => ({
    kind: "ok",
    value: configurationOf([{ ...ours, clientConfig: registered }], String(++version)),
  }));
  const undo = () => registration.observe(configurationOf([ours], String(++version)));
  undo();
  await registration.idle();
  const waits: (number | undefined)[] = [];
  for (let round = 0; round < 8; round++) {
    undo();
    waits.push(await tick());
  }
  expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(sent).toHaveLength(9);
  pass(60_001);
  undo();
  await registration.idle();
  expect(sent).toHaveLength(10);
});

it("goes on after a refusal, and tells it", async () => {
  let mayWrite = false;
  const { registration, refused, tick, timers } = start(({ method }) => {
    if (method === "GET") return { kind: "ok", value: configurationOf([ours], "1") };
    if (mayWrite) return { kind: "ok", value: configurationOf([{ ...ours, clientConfig: registered }], "2") };
    return { kind: "failed", status: 403, reason: "Forbidden", message: "no rights" };
  });
  registration.observe(configurationOf([ours], "1"));
  await registration.idle();
  expect(refused).toEqual(["no rights"]);
  mayWrite = true;
  await tick();
  expect(refused).toHaveLength(1);
  expect(timers).toEqual([]);
});

it("finds its webhook again when others have changed the order", async () => {
  const reordered = configurationOf([{ name: "other" }, ours], "2");
  const bodies: unknown[] = [];
  const { registration, tick } = start(({ method, body }) => {
    if (method === "GET") return { kind: "ok", value: reordered };
    bodies.push(body);
    if (bodies.length === 1) return { kind: "failed", status: 422, reason: "Invalid", message: "the test failed" };
    return { kind: "ok", value: configurationOf([{ name: "other" }, { ...ours, clientConfig: registered }], "3") };
  });
  registration.observe(configurationOf([ours], "1"));
  await registration.idle();
  await tick();
  expect(JSON.stringify(bodies[1])).toContain("/webhooks/1/name");
});

it("does not take an older state for somebody's change", async () => {
  const { registration, sent, timers } = start(() => ({
    kind: "ok",
    value: configurationOf([{ ...ours, clientConfig: registered }], "10"),
  }));
  registration.observe(configurationOf([ours], "9"));
  await registration.idle();
  registration.observe(configurationOf([ours], "9"));
  expect(sent).toEqual(["PATCH"]);
  expect(timers).toEqual([]);
});
