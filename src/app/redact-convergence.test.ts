import { expect, it } from "vitest";
import type { ConvergenceReport, GatewayConvergence } from "../core/convergence.ts";
import type { ObjectName } from "../core/explanation.ts";
import { redactConvergence } from "./redact-convergence.ts";

const sees = ({ namespace }: ObjectName) => namespace === "shop";

function waitingFor(waiting: string, gateways: readonly GatewayConvergence[]): ConvergenceReport {
  return {
    object: { kind: "HTTPRoute", namespace: "shop", name: "cart" },
    ...{ generation: 4, state: "pending", reason: "Waiting" },
    message: `generation 4 is acknowledged by 1 of 2 proxies of ${waiting}`,
    gateways,
    replicas: { answered: 1, known: 1 },
  };
}

function gateway(name: string): GatewayConvergence {
  return { gateway: { kind: "Gateway", namespace: "infra", name }, connected: 2, acknowledged: 1 };
}

it("tells no end of a Gateway's name that begins with another one's", () => {
  const whole = waitingFor("infra/edge-vault.internal", [gateway("edge"), gateway("edge-vault.internal")]);
  expect(redactConvergence(whole, sees).message).toBe(
    "generation 4 is acknowledged by 1 of 2 proxies of a Gateway that you do not see",
  );
});

it("leaves the name of a Gateway that the object names itself whole", () => {
  const whole = waitingFor("infra/edge-two", [gateway("edge"), { ...gateway("edge-two"), named: true }]);
  expect(redactConvergence(whole, sees).message).toBe(whole.message);
});
