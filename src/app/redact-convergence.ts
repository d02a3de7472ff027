import type { ConvergenceReport, GatewayConvergence } from "../core/convergence.ts";
import { hiddenObject } from "../core/hidden-object.ts";
import { hideLeftovers } from "./hide-objects.ts";
import type { Sees } from "./redact-explanation.ts";

/** The same report for who may get the object, and perhaps nothing else: how many proxies, of a Gateway that it names itself. */
export function redactConvergence(report: ConvergenceReport, sees: Sees): ConvergenceReport {
  const { object, generation, state, reason, gateways, replicas } = report;
  const hidden = gateways.filter((each) => !isShown(each, sees)).map(({ gateway }) => gateway);
  // Which of several Gateways is waited for is no secret, what it is called is.
  const names = new Set(hidden.map(({ namespace, name }) => `${namespace}/${name}`));
  const message = report.message.replace(namePair, (pair) =>
    names.has(pair) ? "a Gateway that you do not see" : pair,
  );
  const redacted: ConvergenceReport = {
    object,
    ...(generation !== undefined && { generation }),
    ...{ state, reason, message },
    gateways: gateways.map((each) => redactGateway(each, sees)),
    replicas: { answered: replicas.answered, known: replicas.known },
  };
  return hideLeftovers(redacted, report);
}

/** Whole names only: that of one Gateway may begin with that of another. */
const namePair = /[a-z0-9][-a-z0-9]*\/[a-z0-9]([-.a-z0-9]*[a-z0-9])?/g;

function isShown({ gateway, named }: GatewayConvergence, sees: Sees): boolean {
  return named === true || sees(gateway);
}

function redactGateway(each: GatewayConvergence, sees: Sees): GatewayConvergence {
  const { gateway, connected, acknowledged, named } = each;
  const counts = { connected, acknowledged };
  if (isShown(each, sees)) return { gateway, ...counts, ...(named && { named }) };
  return { gateway: hiddenObject(gateway.kind), ...counts };
}
