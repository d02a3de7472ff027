import type { KubeResult, RawObject } from "../../../src/core/kube-client.ts";
import { systemScheduler } from "../../../src/core/scheduler.ts";
import type { KubeApi, ReadRequest, WatchRequest, WatchStream } from "../../../src/watch/kube-api.ts";
import { ListTurns } from "../../../src/watch/list-turns.ts";
import { RefusedNamespaces } from "../../../src/watch/refused-namespaces.ts";
import type { WatchBatch } from "../../../src/watch/watch-lines.ts";

/** An API server without a network, so that what is measured is the reader: many routes, and changes of them one by one. */
export class EndlessApi implements KubeApi {
  readonly listTurns = new ListTurns(systemScheduler);
  readonly #routes: number;
  #version = 1_000_000;
  #tell: (batch: WatchBatch) => void = () => {};

  constructor(routes: number) {
    this.#routes = routes;
  }

  /** Tells the watch of routes of a change of one of them. */
  change(index: number): void {
    this.#version += 1;
    const object = routeObject(index, this.#version);
    this.#tell({ kind: "events", events: [{ type: "MODIFIED", object }] });
  }

  async request<T>({ path, query = {} }: ReadRequest): Promise<KubeResult<T>> {
    return { kind: "ok", value: this.#answer(path, Number(query["continue"] ?? 0)) as T };
  }

  async watch({ path }: WatchRequest): Promise<KubeResult<WatchStream>> {
    const batches: WatchBatch[] = [];
    let wake = (): void => {};
    let closed = false;
    if (path.endsWith("/httproutes")) {
      this.#tell = (batch) => {
        batches.push(batch);
        wake();
      };
    }
    async function* read(): AsyncGenerator<WatchBatch> {
      while (!closed) {
        const batch = batches.shift();
        if (batch === undefined) await new Promise<void>((resolve) => (wake = resolve));
        else yield batch;
      }
    }
    const close = (): void => {
      closed = true;
      wake();
    };
    return { kind: "ok", value: { close, [Symbol.asyncIterator]: read } };
  }

  async token(): Promise<KubeResult<undefined>> {
    return { kind: "ok", value: undefined };
  }

  onReturn(): () => void {
    return () => {};
  }

  forgetConnections(): void {}

  readonly refusedNamespaces = new RefusedNamespaces(systemScheduler);

  readonly rewound = new Promise<void>(() => {});

  tellRewound(): void {}

  close(): void {}

  #answer(path: string, from: number): unknown {
    if (path.endsWith("/customresourcedefinitions")) return listOf([definition]);
    if (/\/v1(alpha1|beta1)?$/.test(path)) return { resources: [{ name: "httproutes" }] };
    if (!path.endsWith("/httproutes")) return listOf([]);
    const end = Math.min(this.#routes, from + 500);
    const items = Array.from({ length: end - from }, (_, index) => routeObject(from + index, 1));
    return listOf(items, end < this.#routes ? String(end) : undefined);
  }
}

const definition: RawObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "httproutes.gateway.networking.k8s.io", resourceVersion: "1" },
};

function listOf(items: readonly RawObject[], next?: string): object {
  return { metadata: { resourceVersion: "1", ...(next !== undefined && { continue: next }) }, items };
}

function routeObject(index: number, version: number): RawObject {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `route-${index}`, namespace: "shop", resourceVersion: String(version) },
    spec: { hostnames: [`h${version}.example.com`], parentRefs: [{ name: "web" }], rules: [] },
  } as RawObject; // as an API server would send it
}
