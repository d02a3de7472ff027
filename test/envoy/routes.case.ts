import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TableMode } from "../../src/core/data-plane.ts";
import { type Backend, type EchoedRequest, startBackend } from "../support/backend.ts";
import { type ClientResponse, header, type Protocol, send } from "../support/client.ts";
import { aHost, aListener, httpPort, routeTable } from "./one-listener.ts";
import { type ProxyOptions, printClusters, printTable, startProxy, type TestProxy } from "./proxy.ts";
import { routeCases, type Wanted } from "./route-cases.ts";

export interface RouteCaseOptions extends ProxyOptions {
  /** Whether the proxy joins the values of a header before it matches them. */
  readonly joinsValues?: boolean;
}

/** Asks for everything that the table of cases says, over both protocols. */
export function testRouteCases(mode: TableMode, options: RouteCaseOptions = {}): void {
  let proxy: TestProxy;
  let backends: Readonly<Record<string, Backend | undefined>>;

  beforeAll(async () => {
    proxy = await startProxy(options);
    backends = { a: await startBackend({ name: "a" }), b: await startBackend({ name: "b" }), empty: undefined };
    const hosts = routeCases.map(({ rule, match }, index) => aHost(hostOf(index), rule, match));
    await proxy.apply(
      ...printClusters(backends),
      ...printTable(mode, routeTable, hosts),
      aListener(proxy.address, mode),
    );
  });

  afterAll(async () => {
    await proxy.stop();
    await Promise.all(Object.values(backends).map((backend) => backend?.stop()));
  });

  describe.each(["http1", "http2"] as const)("over %s", (protocol) => {
    it.each(routeCases.map((routeCase, index) => [routeCase.name, routeCase, index] as const))(
      "%s",
      async (_name, { asks, asksWhereJoined = asks }, index) => {
        const host = hostOf(index);
        for (const [request, wanted] of options.joinsValues === true ? asksWhereJoined : asks) {
          const asked = { ...request, host: (request.host ?? host).replace("$HOST", host) };
          const response = await ask(proxy, asked, protocol);
          expectWanted(response, wanted, host);
        }
      },
    );
  });
}

function ask(proxy: TestProxy, request: Parameters<typeof send>[1], protocol: Protocol): Promise<ClientResponse> {
  const headers = (request.headers ?? []).map(
    ([name, value]) => [protocol === "http2" ? name.toLowerCase() : name, value] as const,
  );
  return send({ address: proxy.address, port: httpPort }, { ...request, headers }, protocol);
}

function hostOf(index: number): string {
  return `c${index}.test`;
}

function expectWanted(response: ClientResponse, wanted: Wanted, host: string): void {
  expect.soft(response.status).toBe(wanted.status);
  for (const [name, value] of Object.entries(wanted.responseHeaders ?? {})) {
    expect.soft(header(response, name), `response header ${name}`).toBe(value?.replace("$HOST", host));
  }
  if (wanted.backend === undefined) return;
  // The backends answer with what they were asked.
  const echoed = JSON.parse(response.body) as EchoedRequest;
  expect.soft(echoed.backend).toBe(wanted.backend);
  expect.soft(echoed.headers["x-gw-scope"], "the scope header stays inside the proxy").toBeUndefined();
  if (wanted.path !== undefined) expect.soft(echoed.path).toBe(wanted.path);
  if (wanted.host !== undefined) expect.soft(echoed.host).toBe(wanted.host.replace("$HOST", host));
  for (const [name, value] of Object.entries(wanted.requestHeaders ?? {})) {
    expect.soft(echoed.headers[name], `request header ${name}`).toBe(value);
  }
}
