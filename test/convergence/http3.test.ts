import { expect, it } from "vitest";
import { objectKey } from "../../src/core/keys.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { gatewayOf, httpsListenerOf, parametersOf, parametersOfEdge, secretOf } from "../support/gateway-manifests.ts";
import { edge, ModelWorld } from "./model-world.ts";

it("a Gateway has arrived once proxies have both listeners of an HTTPS port with HTTP/3", async () => {
  const certificate = await issueCertificate(await createCertificateAuthority(), { names: ["a.example.com"] });
  const world = new ModelWorld();
  world.apply(
    secretOf("server", certificate) +
      parametersOf("listeners: [{ port: 443, http3: true }]") +
      gatewayOf(`${parametersOfEdge} listeners: [${httpsListenerOf("https", 443)}]`),
  );
  world.flush();
  const proxy = world.connect(edge);
  const acknowledged = () => world.counts(objectKey("Gateway", edge)).gateways.map((counts) => counts.acknowledged);
  expect([...world.table.entries(edge, "listener").keys()].sort()).toEqual(["http3-443", "https-443"]);
  proxy.acknowledge(world.table, (_type, name) => name !== "http3-443");
  expect(acknowledged()).toEqual([0]);
  proxy.acknowledge(world.table);
  expect(acknowledged()).toEqual([1]);
});
