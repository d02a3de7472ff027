/** A proxy that asks for everything over a real connection, and keeps what it has of the tenants. */
import type { ResourceType } from "../../src/core/xds-resource.ts";
import { resourceTypes } from "../../src/core/xds-resource.ts";
import { FakeEnvoy } from "../xds/fake-envoy.ts";
import { edge, type HostileControlPlane } from "./control-plane.ts";
import { type TenantView, viewOf } from "./tenant-view.ts";

export interface WatchedProxy {
  /** Waits until everything has arrived, and gives what it comes to. */
  look(): Promise<TenantView>;
  /** How many resources have arrived or gone so far. */
  readonly received: number;
  stop(): Promise<void>;
}

/** Connects a delta client. */
export function watchProxy(controlPlane: HostileControlPlane): WatchedProxy {
  const client = new FakeEnvoy({ port: controlPlane.server.port, transport: "delta", cluster: edge });
  const views = new Map<ResourceType, Map<string, TenantView>>(resourceTypes.map((type) => [type, new Map()]));
  let answers = 0;
  let received = 0;
  for (const type of resourceTypes) client.subscribe(type, "*");
  const take = () => {
    for (const answer of client.received.slice(answers)) {
      const ofType = views.get(answer.type);
      for (const [name, { bytes }] of answer.resources) ofType?.set(name, viewOf(answer.type, name, bytes));
      for (const name of answer.removed) ofType?.delete(name);
      received += answer.resources.size + answer.removed.length;
      client.ack(answer);
      answers += 1;
    }
  };
  return {
    get received() {
      return received;
    },
    look: async () => {
      const deadline = Date.now() + 20_000;
      do {
        await new Promise(setImmediate);
        take();
        if (Date.now() > deadline) throw new Error("the proxy never has everything");
      } while (!controlPlane.isSettled());
      return new Map([...views.values()].flatMap((ofType) => [...ofType.values()]).flatMap((view) => [...view]));
    },
    stop: () => client.close(),
  };
}
