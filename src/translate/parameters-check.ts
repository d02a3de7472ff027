/** What is wrong with GatewayParameters in themselves, beyond what their schema can say. */
import type { GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { isRange } from "./ip-address.ts";
import { logProblem } from "./parameter-limits.ts";

/** Says what is wrong, each in a sentence that names the field. */
export function parametersProblems({ accessLog, bounds }: GatewayParametersSpec): readonly string[] {
  const log = logProblem(accessLog);
  const ranges = (bounds?.addresses ?? []).filter((range) => !isRange(range));
  return [
    ...(log === undefined ? [] : [log]),
    ...ranges.map((range) => `spec.bounds.addresses has ${range}, which is not a range of addresses`),
  ];
}

/** The parameters without what proxies could not be told. */
export function usableParameters(spec: GatewayParametersSpec): GatewayParametersSpec {
  const { accessLog, ...others } = spec;
  return accessLog === undefined || logProblem(accessLog) !== undefined ? others : spec;
}
