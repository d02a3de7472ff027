import { credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fleetName } from "../../src/core/fleet-names.ts";
import type { FakeEnvoy } from "../xds/fake-envoy.ts";
import { resource } from "../xds/resources.ts";
import { startWorld, type World } from "../xds/world.ts";
import {
  authorityKey,
  fleet,
  type IssuerWorld,
  serverKey,
  serverName,
  startIssuerWorld,
  trustDomain,
} from "./issuer-world.ts";

const gateway = fleet("infra/gateway", "6f1c0c52-8f0e-4f6a-9d2e-3f7f5a1c2b3d");
const secret = "infra/gatehouse-xds";

let identity: IssuerWorld;
let world: World;

beforeEach(async () => {
  identity = await startIssuerWorld();
  identity.setFleets(gateway);
  await identity.settle();
  const { trust } = identity;
  world = await startWorld({
    transport: "delta",
    recheckMs: 20,
    security: {
      kind: "issued-certificates",
      material: trust,
      trustDomain,
      isAccepted: (name, uid, fingerprint) => trust.isAccepted(name, uid, fingerprint),
    },
  });
  world.set(resource("cluster", "a"));
});
afterEach(async () => {
  await world.stop();
  await identity.stop();
});

/** Connects with what the Secret holds now, as a proxy's pod does. */
async function connect(): Promise<FakeEnvoy> {
  const entry = (name: string) => Buffer.from(identity.api.text(secret, name));
  const name = fleetName("gateway");
  const own = credentials.createSsl(entry("ca.crt"), entry(`${name}.key`), entry(`${name}.crt`), {
    checkServerIdentity: (_, { subjectaltname }) =>
      subjectaltname?.includes(`DNS:${serverName}`) === true ? undefined : new Error("another server"),
  });
  const client = world.connect({ credentials: own });
  client.subscribe("cluster");
  await client.take("cluster");
  return client;
}

it("a proxy is served with what its Secret holds", async () => {
  expect([...(await connect()).held("cluster").keys()]).toEqual(["a"]);
});

it("whoever deletes the Secret ends the stream, and a proxy that reads the new one is served", async () => {
  const client = await connect();
  identity.api.remove(secret);
  expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  await identity.settle();
  await connect();
});

it("whoever deletes the Gateway ends the stream", async () => {
  const client = await connect();
  identity.setFleets();
  expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
});

it("a renewal of everybody's certificates ends no stream", async () => {
  const client = await connect();
  identity.api.remove(serverKey);
  await identity.settle();
  identity.api.edit(secret, { unrelated: "entry" });
  await identity.settle();
  world.set(resource("cluster", "b"));
  await client.take("cluster");
  await connect();
  expect(world.server.open()).toBe(2);
});

it("whoever deletes the authority ends every stream, and everybody begins anew", async () => {
  const client = await connect();
  identity.api.remove(authorityKey);
  expect(identity.trust.current()).toBeDefined();
  await identity.settle();
  expect((await client.ended).code).toBe(status.PERMISSION_DENIED);
  await connect();
});
