import type { DataPlaneState } from "../../src/core/data-plane.ts";
import type { NamespacedName } from "../../src/core/keys.ts";
import type { ResourceType } from "../../src/core/xds-resource.ts";
import { type AdsServer, type AdsServerOptions, createAdsServer } from "../../src/xds/server.ts";
import { eventually } from "../support/envoy.ts";

/** One entry of the server's log. */
export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly fields: object;
  readonly message: string;
}

/** An ADS server under test, with what it reported. */
export interface TestServer extends AdsServer {
  readonly port: number;
  readonly log: readonly LogLine[];
  /** What its status callback told last. */
  state(gateway: NamespacedName): DataPlaneState;
  /** How often it was called. */
  readonly told: readonly DataPlaneState[];
  /** Responses sent, of one type or of all. */
  sent(type?: ResourceType): number;
  bytes(type: ResourceType): number;
  readonly nacks: readonly ResourceType[];
  /** Streams opened and not closed, by its metrics. */
  open(): number;
  /** Streams that owe an answer. */
  stuck(): number;
}

/** Starts a server on loopback whose reports a test can look at. */
export async function startTestServer(
  options: Pick<AdsServerOptions, "table"> & Partial<AdsServerOptions>,
): Promise<TestServer> {
  const log: LogLine[] = [];
  const states = new Map<NamespacedName, DataPlaneState>();
  const told: DataPlaneState[] = [];
  const responses: { readonly type: ResourceType; readonly bytes: number }[] = [];
  const nacks: ResourceType[] = [];
  let open = 0;
  let stuck = 0;
  const server = createAdsServer({
    host: "127.0.0.1",
    port: 0,
    security: { kind: "loopback" },
    clock: () => Date.now(),
    log: {
      info: (fields, message) => log.push({ level: "info", fields, message }),
      warn: (fields, message) => log.push({ level: "warn", fields, message }),
      error: (fields, message) => log.push({ level: "error", fields, message }),
    },
    metrics: {
      responseSent: (type, bytes) => responses.push({ type, bytes }),
      nack: (type) => nacks.push(type),
      streamOpened: () => {
        open += 1;
      },
      streamClosed: () => {
        open -= 1;
      },
      streamStuck: () => {
        stuck += 1;
      },
      streamFree: () => {
        stuck -= 1;
      },
    },
    onDataPlane: (gateway, state) => {
      states.set(gateway, state);
      told.push(state);
    },
    ...options,
  });
  const result = await server.start();
  if (result.kind === "refused") throw new Error(result.message);
  return {
    ...server,
    port: result.port,
    log,
    told,
    nacks,
    state: (gateway) => states.get(gateway) ?? nothing,
    sent: (type) => responses.filter((one) => type === undefined || one.type === type).length,
    bytes: (type) => responses.reduce((sum, one) => sum + (one.type === type ? one.bytes : 0), 0),
    open: () => open,
    stuck: () => stuck,
  };
}

/** Waits until the server has nothing open: what a test closed is closed there too. */
export function idle(server: TestServer): Promise<true> {
  return eventually("every stream is closed", () => server.open() === 0 || undefined).then(() => true);
}

const nothing: DataPlaneState = { proxies: 0, readyProxies: 0, listeners: new Map(), refusals: new Map() };
