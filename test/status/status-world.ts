import { setImmediate } from "node:timers/promises";
import { type Condition, conditionTrue, type ProgrammingStage, type StatusUpdate } from "../../src/core/conditions.ts";
import { kinds, namespacedName, type ObjectKey, objectKey, routeKinds } from "../../src/core/keys.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { ObjectStatus } from "../../src/core/object-status.ts";
import { readStored } from "../../src/status/answer.ts";
import { type KubeStatusOptions, KubeStatusWriter } from "../../src/status/kube-writer.ts";
import type { StatusChange } from "../../src/status/transitions.ts";
import type { FakeApiServer, LoggedRequest } from "../support/fake-api-server.ts";
import { ManualScheduler } from "../support/manual-scheduler.ts";

/** The controller that the writers of these tests write for. */
export const ours = "gatehouse.dev/gateway-controller";

/** The Gateway of these tests. */
export const gateway = objectKey("Gateway", namespacedName("infra", "shared"));

const watched = ["GatewayClass", "Gateway", "ListenerSet", ...routeKinds, "BackendTLSPolicy"] as const;

/** One replica's writer against a fake API server, with time that the test turns. */
export class StatusWorld {
  readonly server: FakeApiServer;
  readonly writer: KubeStatusWriter;
  readonly scheduler: ManualScheduler;
  readonly outcomes: string[] = [];
  readonly changes: StatusChange[] = [];
  readonly #seen = new Set<ObjectKey>();

  constructor(
    server: FakeApiServer,
    {
      scheduler = new ManualScheduler(),
      ...options
    }: Partial<KubeStatusOptions> & { scheduler?: ManualScheduler } = {},
  ) {
    this.server = server;
    this.scheduler = scheduler;
    this.writer = new KubeStatusWriter({
      client: server.clientOf("gatehouse"),
      controllerName: ours,
      now: () => new Date("2026-02-02T02:02:02Z"),
      scheduler,
      random: () => 0,
      log: { warn: () => {}, debug: () => {} },
      onOutcome: (outcome) => this.outcomes.push(outcome),
      onWritten: (change) => this.changes.push(change),
      ...options,
    });
  }

  /** Tells the writer what the server holds now, as the watch does. */
  observe(): void {
    const found = new Set<ObjectKey>();
    for (const kind of watched) {
      for (const raw of this.server.list(kind)) {
        const key = objectKey(kind, namespacedName(raw.metadata.namespace, raw.metadata.name));
        found.add(key);
        this.writer.observe(key, readStored(raw));
      }
    }
    for (const key of this.#seen) if (!found.has(key)) this.writer.observe(key, undefined);
    for (const key of found) this.#seen.add(key);
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    do {
      this.scheduler.runDue();
      await setImmediate();
    } while (this.writer.load.queued + this.writer.load.busy > 0);
  }

  /** Lets time go by, in steps so that answers come between timers; the watch tells what is written. */
  async pass(milliseconds: number, step = 100): Promise<void> {
    await this.settle();
    for (let gone = 0; gone < milliseconds; gone += step) {
      this.scheduler.pass(Math.min(step, milliseconds - gone));
      await this.settle();
      this.observe();
      await this.settle();
    }
  }

  /** Statuses that were sent to the server by anybody whose request matches. */
  writes(path = /\/status$/): readonly LoggedRequest[] {
    return this.server.requests.filter(({ method, path: of }) => method !== "GET" && path.test(of));
  }

  statusOf(object: ObjectKey): ObjectStatus {
    const [kind = "", name = ""] = [object.slice(0, object.indexOf("/")), object.slice(object.indexOf("/") + 1)];
    const raw = this.server.get(kind, name);
    return raw === undefined ? {} : readStored(raw).status;
  }
}

/** The key of a route of these tests. */
export function routeKey(name: string): ObjectKey {
  return objectKey("HTTPRoute", namespacedName("shop", name));
}

/** Puts a route on the server; with another generation that is a change of its spec. */
export function putRoute(server: FakeApiServer, name: string, status?: ObjectStatus): RawObject {
  const spec = { parentRefs: [{ name: "shared", namespace: "infra" }] };
  return server.put("HTTPRoute", { metadata: { namespace: "shop", name }, spec, ...(status && { status }) });
}

/** Puts the Gateway on the server. */
export function putGateway(
  server: FakeApiServer,
  { listeners = ["http"], status = {} as ObjectStatus } = {},
): RawObject {
  const spec = { gatewayClassName: "gatehouse", listeners: listeners.map((name) => ({ name, port: 80 })) };
  return server.put("Gateway", { metadata: { namespace: "infra", name: "shared" }, spec, status });
}

/** The status that a route should have. */
export function routeUpdate(
  name: string,
  conditions: readonly Condition[] = [conditionTrue("Accepted", 1)],
): StatusUpdate {
  const parentRef = { group: kinds.Gateway.group, kind: "Gateway", namespace: "infra", name: "shared" };
  return { kind: "Route", object: routeKey(name), parents: [{ parentRef, controllerName: ours, conditions }] };
}

/** The status that the Gateway should have. */
export function gatewayUpdate({
  programming,
  generation = 1,
  attachedRoutes = 0,
  listeners = ["http"],
  address = "10.0.0.1",
  reason = "Invalid",
}: {
  readonly programming: ProgrammingStage | "programmed";
  readonly generation?: number;
  readonly attachedRoutes?: number;
  readonly listeners?: readonly string[];
  readonly address?: string | undefined;
  readonly reason?: string;
}): StatusUpdate {
  const programmed: Condition = {
    type: "Programmed",
    status: programming === "programmed" ? "True" : "False",
    reason: programming === "programmed" ? "Programmed" : programming === "settled" ? reason : "Pending",
    message: "",
    observedGeneration: generation,
  };
  const conditions = [conditionTrue("Accepted", generation), programmed];
  return {
    kind: "Gateway",
    object: gateway,
    programming: programming === "programmed" ? "settled" : programming,
    addresses: address === "" ? [] : [{ type: "IPAddress", value: address }],
    conditions,
    listeners: listeners.map((name) => ({ name, supportedKinds: [], attachedRoutes, conditions })),
    attachedListenerSets: 0,
  };
}
