import { randomUUID } from "node:crypto";
import { fleetLabels, fleetName, labelValue, managedBy } from "../../core/fleet-names.ts";
import type { Gateway, GatewayAddress, GatewayClass, ListenerSet } from "../../core/gateway-api.ts";
import { kinds, parseNamespacedName } from "../../core/keys.ts";
import { type KubeClient, type RawObject, resourcePath } from "../../core/kube-client.ts";
import { chooseGateway, type TryCandidate, type TryTarget } from "./choose-gateway.ts";
import { type AccessLogLine, findLine } from "./find-line.ts";
import { sendRequest, type TryResponse } from "./send-request.ts";

export interface TryOptions {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Whether any certificate will do. */
  readonly insecure: boolean;
  /** namespace/name, where the URL alone does not tell. */
  readonly gateway?: string;
  readonly controllerName: string;
  /** Where Gateways are looked for; empty: everywhere. */
  readonly namespaces: readonly string[];
  /** How long a Gateway without an address is waited for. */
  readonly addressPatienceMs: number;
  /** How long the request's line in the access log is waited for. */
  readonly patienceMs: number;
}

export type TryResult =
  | {
      readonly kind: "answered";
      readonly target: TryTarget;
      readonly response: TryResponse;
      /** Absent when no proxy wrote a line for it in time, with the reason. */
      readonly line?: AccessLogLine;
      readonly lineProblem?: string;
    }
  | { readonly kind: "failed"; readonly message: string };

/** Sends one request through a Gateway's address and finds out from the access log of its proxies what became of it. */
export async function tryRequest(client: KubeClient, options: TryOptions): Promise<TryResult> {
  const target = await findTarget(client, options);
  if (typeof target === "string") return { kind: "failed", message: target };
  // Proxies make request ids anew for strangers, so the line is known by its user agent.
  const mark = `gatehouse-try/${randomUUID()}`;
  const response = await sendRequest(target, { ...options, userAgent: mark });
  if (typeof response === "string") return { kind: "failed", message: response };
  const line = await waitForLine(client, target, mark, options.patienceMs);
  return typeof line === "string"
    ? { kind: "answered", target, response, lineProblem: line }
    : { kind: "answered", target, response, line };
}

async function findTarget(client: KubeClient, options: TryOptions): Promise<TryTarget | string> {
  const until = performance.now() + options.addressPatienceMs;
  for (;;) {
    const candidates = await readCandidates(client, options);
    if (typeof candidates === "string") return candidates;
    const choice = chooseGateway(candidates, options.url, options.gateway);
    if (choice.kind === "none") return choice.message;
    const isLate = performance.now() >= until;
    // One that is never programmed may serve all the same: the request will tell.
    if (choice.target !== undefined && (choice.kind === "chosen" || isLate)) {
      return { ...choice.target, port: await nodePortOf(client, choice.target) };
    }
    if (isLate && choice.kind === "waiting") return choice.message;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

interface ServiceView {
  readonly spec?: {
    readonly type?: string;
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
  };
}

/** Where the proxies are reached through nodes, those listen on another port than the Gateway. */
async function nodePortOf(client: KubeClient, { gateway, port }: TryTarget): Promise<number> {
  const { namespace = "", name } = parseNamespacedName(gateway);
  const path = resourcePath({ group: "", version: "v1", plural: "services" }, { namespace, name: fleetName(name) });
  const service = await client.request<ServiceView>({ method: "GET", path });
  if (service.kind === "failed" || service.value.spec?.type !== "NodePort") return port;
  return service.value.spec.ports?.find((candidate) => candidate.port === port)?.nodePort ?? port;
}

interface GatewayStatusView {
  readonly status?: {
    readonly addresses?: readonly GatewayAddress[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

async function readCandidates(
  client: KubeClient,
  { controllerName, namespaces }: TryOptions,
): Promise<readonly TryCandidate[] | string> {
  const [classes, gateways, sets] = await Promise.all([
    listAll<GatewayClass>(client, "GatewayClass", []),
    listAll<Gateway & GatewayStatusView>(client, "Gateway", namespaces),
    listAll<ListenerSet>(client, "ListenerSet", namespaces),
  ]);
  if (typeof classes === "string") return classes;
  if (typeof gateways === "string") return gateways;
  // An older bundle has no ListenerSets.
  const listenerSets = typeof sets === "string" ? [] : sets;
  const ours = new Set(
    classes.filter(({ spec }) => spec.controllerName === controllerName).map(({ metadata }) => metadata.name),
  );
  return gateways
    .filter(({ spec }) => ours.has(spec.gatewayClassName))
    .map(({ metadata, spec, status }) => ({
      gateway: `${metadata.namespace}/${metadata.name}`,
      addresses: status?.addresses ?? [],
      programmed: status?.conditions?.some(({ type, status: is }) => type === "Programmed" && is === "True") === true,
      listeners: [
        ...spec.listeners,
        ...listenerSets
          .filter((set) => set.spec.parentRef.name === metadata.name)
          .filter((set) => (set.spec.parentRef.namespace ?? set.metadata.namespace) === metadata.namespace)
          .flatMap((set) => set.spec.listeners),
      ],
    }));
}

async function listAll<T>(
  client: KubeClient,
  kind: "GatewayClass" | "Gateway" | "ListenerSet",
  namespaces: readonly string[],
): Promise<readonly T[] | string> {
  const { group, versions, plural } = kinds[kind];
  const places = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
  const lists = await Promise.all(
    places.map((place) =>
      // The API server has validated them.
      client.request<{ readonly items: readonly T[] }>({
        method: "GET",
        path: resourcePath({ group, version: versions[0], plural }, place),
      }),
    ),
  );
  const failed = lists.find((list) => list.kind === "failed");
  if (failed?.kind === "failed") return `cannot list ${plural}: ${failed.message}`;
  return lists.flatMap((list) => (list.kind === "ok" ? list.value.items : []));
}

const podLog = { group: "", version: "v1", plural: "pods" };

async function waitForLine(
  client: KubeClient,
  { gateway }: TryTarget,
  mark: string,
  patienceMs: number,
): Promise<AccessLogLine | string> {
  const { namespace = "", name } = parseNamespacedName(gateway);
  const labelSelector = `${fleetLabels.managedBy}=${managedBy},${fleetLabels.gatewayName}=${labelValue(name)}`;
  const until = performance.now() + patienceMs;
  let problem = "no proxy has written a line for it: is the access log of this Gateway JSON?";
  do {
    const path = resourcePath(podLog, { namespace });
    const pods = await client.request<{ readonly items: readonly RawObject[] }>({
      method: "GET",
      path,
      query: { labelSelector },
    });
    if (pods.kind === "failed") return `cannot list the proxies: ${pods.message}`;
    if (pods.value.items.length === 0) return "the Gateway has no proxies in the cluster";
    const logs = await Promise.all(pods.value.items.map(({ metadata }) => readLog(client, namespace, metadata.name)));
    for (const log of logs) {
      if (log.kind === "failed") problem = `cannot read the proxies' log: ${log.message}`;
      const line = log.kind === "ok" ? findLine(log.value, mark) : undefined;
      if (line !== undefined) return line;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  } while (performance.now() < until);
  return problem;
}

const pollMs = 300;

function readLog(client: KubeClient, namespace: string, pod: string) {
  const query = { container: "envoy", sinceSeconds: "60", limitBytes: String(4 * 1024 * 1024) };
  return client.request<string>({
    method: "GET",
    path: resourcePath(podLog, { namespace, name: pod, subresource: "log" }),
    query,
    answer: "text",
  });
}
