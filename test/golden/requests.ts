import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { BackendBehaviour, EchoedRequest } from "../support/backend.ts";
import { type ClientResponse, send } from "../support/client.ts";
import { sendDatagram } from "../support/datagram-backend.ts";
import { eventually } from "../support/envoy.ts";
import type { LiveGateway } from "./live-gateway.ts";

/** A request to a proxy and what must come of it. What `expect` leaves out is not looked at. */
export interface GoldenRequest {
  /** `namespace/name`; the first Gateway unless told. */
  readonly gateway?: string;
  /** The port that clients use; 80 unless told. */
  readonly port?: number;
  /** Which of the Gateway's addresses, counted from 0. */
  readonly address?: number;
  readonly host: string;
  readonly path?: string;
  /** Sends this as a datagram instead. */
  readonly datagram?: string;
  /** Makes a gRPC call instead: `package.Service/Method`. */
  readonly call?: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Speaks TLS with this server name. */
  readonly sni?: string;
  /** Shows the certificate in `client-certificates/<identity>.pem`, which holds its key too. */
  readonly identity?: string;
  readonly version?: "http1" | "http2";
  /** How often it is sent; once unless told. */
  readonly times?: number;
  /** How backends, by Service, behave meanwhile. */
  readonly backends?: Readonly<Record<string, Partial<BackendBehaviour>>>;
  readonly expect: GoldenExpectation;
}

export interface GoldenExpectation {
  /** The connection is not opened, or ends without an answer. */
  readonly refused?: boolean;
  readonly status?: number;
  /** The status of a call that the proxy answers itself. */
  readonly code?: number;
  /** The Service that answered. */
  readonly backend?: string;
  /** What the backend saw. */
  readonly seenPath?: string;
  readonly seenHost?: string;
  readonly seenVersion?: string;
  /** Headers that the backend saw; null is one that it did not see. */
  readonly seenHeaders?: Readonly<Record<string, string | null>>;
  /** Headers of the response; null is one that it does not have. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** The route that the access log names. */
  readonly route?: string;
  /** How many requests each Service got in the end, by name; also copies. A pair is the least and the most. */
  readonly received?: Readonly<Record<string, number | readonly [number, number]>>;
  /** How many answers had each status, when it is sent many times. */
  readonly statuses?: Readonly<Record<string, number | readonly [number, number]>>;
}

/** Sends a request and compares what comes of it with what is expected. */
export async function checkRequest(gateways: readonly LiveGateway[], request: GoldenRequest): Promise<void> {
  const gateway = gateways.find(({ name }) => name === (request.gateway ?? gateways[0]?.name));
  if (gateway === undefined) throw new Error(`no Gateway ${request.gateway ?? ""}`);
  for (const backend of gateway.backends.values()) backend.forget();
  for (const [service, behaviour] of Object.entries(request.backends ?? {})) {
    Object.assign(backendOf(gateway, service).behaviour, behaviour);
  }
  // Tells the line of the access log that is this request's.
  const mark = request.expect.route === undefined ? undefined : `golden-${marks++}`;
  const answers = await Promise.all(Array.from({ length: request.times ?? 1 }, () => ask(gateway, request, mark)));
  const what = JSON.stringify(request);
  const [first] = answers;
  expect(look(first, request.expect), what).toEqual(withoutCounts(request.expect));
  const { received = {}, statuses = {}, route } = request.expect;
  for (const [status, count] of Object.entries(statuses)) {
    expectCount(answers.filter((answer) => String(answer?.status) === status).length, count, `${status} of ${what}`);
  }
  for (const [service, count] of Object.entries(received)) await expectReceived(gateway, service, { count, what });
  if (route !== undefined) {
    const line = await gateway.envoy.accessLogLine((candidate) => candidate.includes(`"${mark}"`));
    expect(JSON.parse(line).route_name, what).toBe(route);
  }
  for (const backend of gateway.backends.values()) {
    Object.assign(backend.behaviour, { status: 200, headers: {}, delayMs: 0, failures: 0, failStatus: 503 });
  }
}

let marks = 0;

const authority = readFileSync(new URL("authority.pem", import.meta.url), "utf8");

async function ask(
  gateway: LiveGateway,
  request: GoldenRequest,
  mark: string | undefined,
): Promise<ClientResponse | undefined> {
  const { port = 80, address = 0, host, path, method, sni, version, datagram } = withCall(request);
  if (datagram !== undefined) return askByDatagram(gateway, request, datagram);
  const given = withCall(request).headers;
  const headers = mark === undefined ? given : [...(given ?? []), ["user-agent", mark] as const];
  const target = {
    address: gateway.addresses[address] ?? "",
    port: gateway.ports.get(port) ?? port,
    ...(sni !== undefined && { tls: { serverName: sni, authority, ...identityOf(request) } }),
  };
  const parts = { host, ...(path && { path }), ...(method && { method }), ...(headers && { headers }) };
  const asked = send(target, parts, version);
  return request.expect.refused === true ? asked.catch(() => undefined) : asked;
}

/** The backend tells its name first; nothing comes back of what is dropped. */
async function askByDatagram(
  { addresses, udpPorts }: LiveGateway,
  { port = 80, address = 0, expect: wanted }: GoldenRequest,
  datagram: string,
): Promise<ClientResponse | undefined> {
  const target = { address: addresses[address] ?? "", port: udpPorts.get(port) ?? port };
  const answer = await sendDatagram(target, datagram, wanted.refused === true ? 300 : undefined);
  const [backend, ...body] = answer?.split(" ") ?? [];
  if (backend === undefined) return undefined;
  return { status: 200, headers: new Map([["x-backend", [backend]]]), body: body.join(" ") };
}

function withCall(request: GoldenRequest): GoldenRequest {
  if (request.call === undefined) return request;
  const headers = [["content-type", "application/grpc"], ["te", "trailers"], ...(request.headers ?? [])] as const;
  return { ...request, method: "POST", path: `/${request.call}`, version: "http2", headers };
}

function identityOf({ identity }: GoldenRequest) {
  if (identity === undefined) return {};
  const pem = readFileSync(new URL(`client-certificates/${identity}.pem`, import.meta.url), "utf8");
  return { identity: { certificatePem: pem, keyPem: pem } };
}

function look(answer: ClientResponse | undefined, wanted: GoldenExpectation): GoldenExpectation {
  // Of many datagrams some may be dropped, which the counts tell.
  if (answer === undefined) return Object.keys(withoutCounts(wanted)).length === 0 ? {} : { refused: true };
  const json = answer.headers.get("content-type")?.[0] === "application/json";
  // An echo backend wrote it.
  const echoed = json && answer.body !== "" ? (JSON.parse(answer.body) as EchoedRequest) : undefined;
  const backend = answer.headers.get("x-backend")?.[0];
  return {
    ...(wanted.refused === true && { refused: false }),
    ...(wanted.status !== undefined && { status: answer.status }),
    ...((wanted.backend !== undefined || (![undefined, 200].includes(wanted.status) && backend !== undefined)) && {
      backend,
    }),
    ...(wanted.code !== undefined && { code: Number(answer.headers.get("grpc-status")?.[0]) }),
    ...(wanted.seenPath !== undefined && { seenPath: echoed?.path }),
    ...(wanted.seenHost !== undefined && { seenHost: echoed?.host }),
    ...(wanted.seenVersion !== undefined && { seenVersion: echoed?.httpVersion }),
    ...(wanted.seenHeaders && { seenHeaders: pick(wanted.seenHeaders, (name) => echoed?.headers[name]) }),
    ...(wanted.headers && { headers: pick(wanted.headers, (name) => answer.headers.get(name)?.join(", ")) }),
  } as GoldenExpectation; // what was seen has the shape of what is wanted, undefined where it is missing
}

function withoutCounts({ received, statuses, route, ...others }: GoldenExpectation): GoldenExpectation {
  return others;
}

function pick(names: object, lookUp: (name: string) => string | undefined): Readonly<Record<string, string | null>> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, lookUp(name.toLowerCase()) ?? null]));
}

function expectCount(actual: number, wanted: number | readonly [number, number], what: string): void {
  const [least, most] = typeof wanted === "number" ? [wanted, wanted] : wanted;
  expect(actual, what).toBeGreaterThanOrEqual(least);
  expect(actual, what).toBeLessThanOrEqual(most);
}

/** Copies arrive when they like. */
async function expectReceived(
  gateway: LiveGateway,
  service: string,
  { count, what }: { readonly count: number | readonly [number, number]; readonly what: string },
): Promise<void> {
  const backend = backendOf(gateway, service);
  const least = typeof count === "number" ? count : count[0];
  await eventually(`${service} gets ${least} of ${what}`, () => backend.count() >= least);
  expectCount(backend.count(), count, `${service} of ${what}`);
}

function backendOf({ backends }: LiveGateway, service: string) {
  const backend = backends.get(service);
  if (backend === undefined) throw new Error(`no Service ${service} has endpoints`);
  return backend;
}
