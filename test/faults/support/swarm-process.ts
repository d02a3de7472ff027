/** Many raw Envoys in a process of their own, whose work is not the server's: `fork`ed by swarm.ts. */
import { RawEnvoy } from "./raw-envoy.ts";
import type { SwarmNews, SwarmOrder } from "./swarm.ts";

const envoys: RawEnvoy[] = [];
/** A response with more is of a first configuration: there is nothing in particular to be told of it. */
const mostTold = 20;

let taken: [string, string, number][] = [];
let count = 0;
let ends: [string, string, string, number][] = [];

function obey(order: SwarmOrder): void {
  switch (order.kind) {
    case "start": {
      const { port, tls, gateway, follows } = order;
      for (let index = 0; index < order.count; index++) {
        const envoy = new RawEnvoy({
          port,
          tls,
          cluster: gateway,
          follows,
          nodeId: `proxy-${index}`,
          onTaken: ({ nodeId }, versions, at) => {
            count += versions.length;
            if (versions.length <= mostTold) for (const version of versions) taken.push([nodeId, version, at]);
          },
          onEnd: ({ nodeId }, { status, message, lastedMs }) => ends.push([nodeId, status, message, lastedMs]),
        });
        envoys.push(envoy);
        // All within a second.
        setTimeout(() => envoy.connect(), (1_000 * index) / order.count);
      }
      return;
    }
    case "stall":
      for (const envoy of envoys.slice(0, order.count)) {
        envoy.stalled = true;
        envoy.breakOff();
      }
      return;
    case "recover":
      for (const envoy of envoys) envoy.stalled = false;
      return;
    case "stop":
      for (const envoy of envoys) envoy.end();
      process.disconnect();
      return;
  }
}

setInterval(() => {
  const held = envoys.map((envoy) => envoy.holds);
  const news: SwarmNews = { taken, count, ends, fewestHeld: Math.min(...held) };
  count = 0;
  taken = [];
  ends = [];
  process.send?.(news);
}, 50);

process.on("message", obey);
process.on("disconnect", () => process.exit(0));
