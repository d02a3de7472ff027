import { describe, expect, it } from "vitest";
import { objectKey } from "../../src/core/keys.ts";
import { foundation, QuarantineWorld, shared } from "../quarantine/quarantine-world.ts";
import { envoyPath } from "../support/envoy.ts";
import { tlsSecret } from "../support/gateway-objects.ts";
import { oddCases } from "../support/odd-cases.ts";
import { oddCertificate, pemOfDer, pemOfKey, sequence } from "../support/odd-certificates.ts";
import { bundleProblem, outcomes, secretProblem, takenBy, usual } from "../support/odd-trials.ts";

describe("our checks of odd certificates", () => {
  it.each(oddCases)("say it of one with $name", ({ parts, refused, unusable, unservable }) => {
    const pem = pemOfDer(oddCertificate(parts));
    const said = refused && `has a certificate in tls.crt that ${refused}`;
    expect(secretProblem(pem, "serve")).toBe(said ?? unusable ?? unservable);
    expect(secretProblem(pem, "show")).toBe(said ?? unusable);
    expect(secretProblem(usual + pem, "serve")).toBe(said);
    expect(bundleProblem(pem)).toBe(refused && `has a certificate in ca.crt that ${refused}`);
  });
});

it("a certificate that no listener can serve with is told of there, and shown to backends all the same", () => {
  const certificatePem = pemOfDer(oddCertificate({ subject: sequence(), extensions: "none" }));
  const gateway = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "shared", namespace: "infra" },
    spec: {
      gatewayClassName: "gatehouse",
      tls: { backend: { clientCertificateRef: { name: "odd" } } },
      listeners: [{ name: "https", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "odd" }] } }],
    },
  };
  const world = new QuarantineWorld();
  const odd = tlsSecret("infra", "odd", { certificatePem, keyPem: pemOfKey() });
  world.apply(foundation);
  world.apply([odd, gateway].map((object) => JSON.stringify(object)).join("\n---\n"));
  expect(world.translator.routing.gateways.get(shared)?.backendCertificate).toBe("infra/odd");
  const status = world.statuses.get(objectKey("Gateway", shared));
  const conditions = status?.kind === "Gateway" ? status.listeners[0]?.conditions : [];
  expect(conditions).toContainEqual(
    expect.objectContaining({
      ...{ type: "ResolvedRefs", status: "False", reason: "InvalidCertificateRef" },
      message: expect.stringMatching(/^Secret infra\/odd has a certificate in tls.crt without a common name/),
    }),
  );
});

it("odd certificates are refused by a proxy where we refuse them, and nowhere else", async () => {
  const { told, want } = outcomes(await takenBy(envoyPath));
  expect(told).toEqual(want);
});
