import { pino } from "pino";
import { afterEach, expect, it } from "vitest";
import { Replicas } from "../../src/app/replicas.ts";
import type { ControllerConfig } from "../../src/controller-config.ts";
import { namespacedName, objectKey } from "../../src/core/keys.ts";
import type { TlsMaterialSource } from "../../src/core/tls-material.ts";
import { createAuthority, issueCertificate } from "../../src/identity/authority.ts";
import { freePort } from "../faults/support/controller-process.ts";

const trustDomain = "gatehouse.test";
const gateway = namespacedName("infra", "edge");
const questions = [{ kind: "object", object: objectKey("Gateway", gateway) }] as const;
const open: Replicas[] = [];

afterEach(async () => {
  for (const replica of open.splice(0)) await replica.stop();
});

async function createMaterial(): Promise<TlsMaterialSource> {
  const now = Date.now();
  const lifeMs = 3_600_000;
  const authority = await createAuthority(now, lifeMs);
  const uri = `spiffe://${trustDomain}/control-plane`;
  const request = { usages: ["server", "client"], dnsNames: ["gatehouse"], uri } as const;
  const { cert, key } = await issueCertificate(authority, { ...request, now, lifeMs });
  const material = { ca: authority.cert, cert, key };
  return { current: () => material, onChange: () => () => {} };
}

it("asks the replicas behind the Service and the leader, each once, and never itself", async () => {
  const material = await createMaterial();
  const port = await freePort();
  const asked: string[] = [];
  const start = async (host: string) => {
    // All that is read of it.
    const config = { podName: host, podAddress: host, peersAddress: { host, port }, trustDomain } as ControllerConfig;
    const replica = new Replicas({
      ...{ config, material, logger: pino({ level: "silent" }), onDataPlane: () => {} },
      onConvergence: () => {
        asked.push(host);
        return { generation: 1, gateways: [{ gateway, connected: 1, acknowledged: 1 }] };
      },
    });
    open.push(replica);
    await replica.start();
    return replica;
  };
  const [one] = [await start("127.0.0.2"), await start("127.0.0.3"), await start("127.0.0.4")];
  const answer = [{ generation: 1, gateways: [{ gateway, connected: 1, acknowledged: 1 }] }];

  expect(await one.ask([], questions)).toEqual([]);
  const all = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map((host) => `${host}:${port}`);
  expect(await one.ask(all, questions)).toEqual([answer, answer]);
  one.follow(`127.0.0.3:${port}`);
  expect(await one.ask(all, questions)).toEqual([answer, answer]);
  expect(await one.ask([], questions)).toEqual([answer]);
  one.follow(undefined);
  expect(await one.ask([`127.0.0.2:${port}`], questions)).toEqual([]);
  expect(asked.toSorted()).toEqual(["127.0.0.3", "127.0.0.3", "127.0.0.3", "127.0.0.4", "127.0.0.4"]);
});
