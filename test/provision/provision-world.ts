import type { FleetSpec, FleetState } from "../../src/core/fleet.ts";
import { fleetLabels, managedBy } from "../../src/core/fleet-names.ts";
import { type NamespacedName, namespacedName } from "../../src/core/keys.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { Scheduler } from "../../src/core/scheduler.ts";
import { Provisioner } from "../../src/provision/provisioner.ts";
import { fleetObjectKindNames } from "../../src/provision/render/fleet-object.ts";
import type { RenderOptions } from "../../src/provision/render/render-options.ts";
import type { FleetReport } from "../../src/provision/report.ts";
import type { FakeApiServer } from "../support/fake-api-server.ts";
import { type FleetChoice, fleetSpec, renderOptions } from "./fleet-specs.ts";

/** Time that a test turns by hand. */
export class ManualScheduler implements Scheduler {
  #now = 0;
  readonly #tasks = new Set<{ readonly at: number; readonly task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const entry = { at: this.#now + milliseconds, task };
    this.#tasks.add(entry);
    return () => this.#tasks.delete(entry);
  }

  /** Milliseconds until the next task is due. */
  get untilNext(): number | undefined {
    return this.#tasks.size === 0 ? undefined : Math.min(...[...this.#tasks].map(({ at }) => at)) - this.#now;
  }

  /** Moves time on and runs what has become due, in order. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    const due = [...this.#tasks].filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at);
    for (const entry of due) if (this.#tasks.delete(entry)) entry.task();
  }
}

/** One replica of the control plane, as far as it provisions: it sees what the API server has, as its watches would. */
export class Replica {
  readonly scheduler = new ManualScheduler();
  readonly states = new Map<NamespacedName, FleetState>();
  readonly reports: FleetReport[] = [];
  readonly addressServices: NamespacedName[] = [];
  readonly provisioner: Provisioner;
  readonly #server: FakeApiServer;
  readonly #seen = new Map<string, string | undefined>();

  constructor(server: FakeApiServer, { render = renderOptions() }: { readonly render?: RenderOptions } = {}) {
    this.#server = server;
    this.provisioner = new Provisioner({
      client: server.client,
      render,
      controllerName: "gatehouse.dev/gateway-controller",
      scheduler: this.scheduler,
      random: () => 1 - Number.EPSILON,
      onState: (gateway, state) => {
        if (state === undefined) this.states.delete(gateway);
        else this.states.set(gateway, state);
      },
      onAddressServices: (services) => {
        this.addressServices.splice(0, Number.POSITIVE_INFINITY, ...services);
      },
      report: (report) => this.reports.push(report),
      onError: (gateway, error) => {
        throw new Error(`bug: provisioning of ${gateway} threw`, { cause: error });
      },
    });
  }

  /** Starts and leads. */
  async lead(): Promise<void> {
    this.see();
    this.provisioner.start();
    this.provisioner.lead(true);
    await this.settle();
  }

  /** Sees every change, and does what follows, until nothing does. */
  async settle(): Promise<void> {
    for (;;) {
      const before = this.#server.requests.length;
      const news = this.see();
      await this.provisioner.idle();
      if (!news && this.#server.requests.length === before) return;
    }
  }

  /** Lets time pass, one task after the other, with all that follows from it. */
  async pass(milliseconds: number): Promise<void> {
    let left = milliseconds;
    while (left > 0) {
      const step = Math.max(0, Math.min(left, this.scheduler.untilNext ?? left));
      this.scheduler.advance(step);
      left -= step;
      await this.settle();
      if (step === 0 && this.scheduler.untilNext === undefined) return;
    }
  }

  /** Tells the provisioner what has changed since the last time; whether anything has. */
  see(): boolean {
    const now = new Map<string, RawObject>();
    for (const kind of [...fleetObjectKindNames, "Node"] as const) {
      for (const object of this.#server.list(kind)) {
        const { namespace, name, labels } = object.metadata;
        if (kind === "Node" || labels?.[fleetLabels.managedBy] === managedBy)
          now.set(`${kind} ${namespacedName(namespace, name)}`, object);
      }
    }
    let news = false;
    for (const id of new Set([...now.keys(), ...this.#seen.keys()])) {
      const object = now.get(id);
      if (this.#seen.get(id) === object?.metadata.resourceVersion) continue;
      news = true;
      if (object === undefined) this.#seen.delete(id);
      else this.#seen.set(id, object.metadata.resourceVersion);
      const [kind, namespace, name = ""] = id.split(/[ /]/);
      const key = name === "" ? namespacedName(undefined, namespace ?? "") : namespacedName(namespace, name);
      const known = [...fleetObjectKindNames, "Node" as const].find((one) => one === kind);
      // The items of a list have neither apiVersion nor kind.
      const { apiVersion: _version, kind: _kind, ...item } = object ?? {};
      if (known !== undefined) this.provisioner.observe(known, key, object && { ...item, metadata: object.metadata });
    }
    return news;
  }
}

/** Puts a Gateway on the server and says what its fleet should be. */
export function putGateway(server: FakeApiServer, choice: FleetChoice = {}): FleetSpec {
  const { namespace = "shop", name = "web", gatewayClass = "gatehouse" } = choice;
  const found = server.get("Gateway", `${namespace}/${name}`);
  const { uid = "" } = (
    found ?? server.put("Gateway", { metadata: { namespace, name }, spec: { gatewayClassName: gatewayClass } })
  ).metadata;
  return fleetSpec({ ...choice, uid });
}

/** Has the Deployment controller say that all proxies are Ready, or that none is. */
export function setReady(server: FakeApiServer, name: string, isReady: boolean): void {
  const deployment = server.get("Deployment", name);
  if (deployment === undefined) throw new Error(`no Deployment ${name}`);
  const { replicas } = deployment["spec"] as { readonly replicas?: number }; // as it was applied
  const wanted = replicas ?? 1;
  const ready = isReady ? wanted : 0;
  const status = {
    observedGeneration: deployment.metadata.generation,
    replicas: wanted,
    updatedReplicas: wanted,
    readyReplicas: ready,
    availableReplicas: ready,
  };
  server.put("Deployment", { ...deployment, status });
}

/** The requests that changed something or tried to, such as `PATCH Deployment shop/gatehouse-web`. */
export function writesOf(server: FakeApiServer): readonly string[] {
  return server.requests
    .filter(({ method }) => method !== "GET")
    .map(({ method, path }) => {
      const parts = path.split("/");
      const [namespace, plural, name] = parts.slice(parts.indexOf("namespaces") + 1);
      return `${method} ${plural} ${namespace}/${name}`;
    });
}
