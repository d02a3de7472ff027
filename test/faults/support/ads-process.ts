/** An ADS server in a process of its own, over mutual TLS: `fork`ed by ads.ts, which tells it what to serve. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import protobuf from "protobufjs/light.js";
import { keepHeapSmall } from "../../../src/memory.ts";
import { ResourceTable } from "../../../src/xds/resource-table.ts";
import { type AdsServer, createAdsServer } from "../../../src/xds/server.ts";
import { TestMaterial } from "../../support/test-material.ts";
import { defaultFleet } from "../../xds/fleet-identities.ts";
import { resource } from "../../xds/resources.ts";
import type { AdsOrder, AdsReport, AdsStart } from "./ads.ts";
import { monotonicMs } from "./monotonic.ts";

keepHeapSmall();
setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const table = new ResourceTable();
const accepted = new Set<string>();
const delay = monitorEventLoopDelay({ resolution: 5 });
let server: AdsServer;
let opened = 0;
let open = 0;
let sent = 0;
let sentBytes = 0;
let decodes = 0;
const ends: Record<string, number> = {};

// Every decoding begins with a reader; clients are in other processes, so these are the server's own. The first call puts
// another function in the place of the one that is called.
protobuf.Reader.create(new Uint8Array());
const createReader = protobuf.Reader.create;
protobuf.Reader.create = (bytes) => {
  decodes += 1;
  return createReader(bytes);
};

async function start({ port, tls, resources, writeDeadlineMs }: AdsStart): Promise<number> {
  const material = new TestMaterial();
  material.set(tls.server);
  for (const fingerprint of tls.accepted) accepted.add(fingerprint);
  table.addFleet(defaultFleet.gateway);
  const all = Array.from({ length: resources.count }, (_, index) => {
    return resource("cluster", `httproute/team-${index % 50}/service-${index}/backend`, "x".repeat(resources.bytes));
  });
  table.update(
    defaultFleet.gateway,
    all.map((one) => ({ type: one.type, name: one.name, resource: one })),
  );
  table.markReady();
  server = createAdsServer({
    table,
    host: "127.0.0.1",
    port,
    security: {
      kind: "issued-certificates",
      material,
      trustDomain: "gatehouse.test",
      isAccepted: (_gateway, _uid, fingerprint) => accepted.has(fingerprint),
    },
    ...(writeDeadlineMs !== undefined && { writeDeadlineMs }),
    clock: () => Date.now(),
    log: {
      info: (fields, message) => {
        const reason = message === "stream ended" && "message" in fields ? String(fields.message) : message;
        ends[reason] = (ends[reason] ?? 0) + 1;
      },
      warn: (_, message) => {
        ends[message] = (ends[message] ?? 0) + 1;
      },
      error: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
    },
    metrics: {
      responseSent: (_, bytes) => {
        sent += 1;
        sentBytes += bytes;
      },
      nack: () => {},
      streamStuck: () => {},
      streamFree: () => {},
      streamOpened: () => {
        opened += 1;
        open += 1;
      },
      streamClosed: () => {
        open -= 1;
      },
    },
  });
  const result = await server.start();
  if (result.kind === "refused") throw new Error(result.message);
  delay.enable();
  return result.port;
}

function report(): AdsReport {
  const { rss, heapUsed, external } = process.memoryUsage();
  const [stallP99Ms, stallMaxMs] = [delay.percentile(99) / 1e6, delay.max / 1e6];
  delay.reset();
  return { rss, alive: heapUsed + external, opened, open, sent, sentBytes, decodes, ends, stallP99Ms, stallMaxMs };
}

async function obey(order: AdsOrder): Promise<unknown> {
  switch (order.kind) {
    case "start":
      return await start(order);
    case "set": {
      const one = resource("cluster", order.name, order.content.padEnd(order.bytes, "x"));
      const at = monotonicMs();
      table.update(defaultFleet.gateway, [{ type: one.type, name: one.name, resource: one }]);
      return { at, version: one.version };
    }
    case "report": {
      if (order.collect) {
        // What is freed by one round, such as sockets, holds what the next one frees.
        for (let round = 0; round < 3; round++) {
          collectGarbage();
          await wait(20);
        }
      }
      return report();
    }
  }
}

process.on("message", (order: AdsOrder) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
