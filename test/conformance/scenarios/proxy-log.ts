import { fleetLabels, labelValue } from "../../../src/core/fleet-names.ts";
import type { Bed } from "../bed/start-bed.ts";
import { kubectlAs } from "./people.ts";

/** What the access log tells of one request. */
export interface LoggedRequest {
  readonly path: string;
  /** `namespace/name` and the number of the rule; absent when no route was met. */
  readonly served?: { readonly route: string; readonly rule: number };
}

/** Reads the access log of a Gateway's proxies as the cluster operator, who may. */
export async function readAccessLog(bed: Bed, gateway: string): Promise<readonly LoggedRequest[]> {
  const [namespace = "", name = ""] = gateway.split("/");
  const pods = ["--namespace", namespace, "--selector", `${fleetLabels.gatewayName}=${labelValue(name)}`];
  const log = await kubectlAs(bed, "cluster-operator", ["logs", ...pods, "--container=envoy", "--tail=-1"]);
  return log.split("\n").flatMap(parseLine);
}

/** Envoy's own words go to the same place, and are no JSON. */
function parseLine(line: string): readonly LoggedRequest[] {
  if (!line.startsWith("{")) return [];
  // Our own format.
  const { path, namespace, route, rule } = JSON.parse(line) as Readonly<Record<string, string | number | null>>;
  const served = typeof route === "string" ? { served: { route: `${namespace}/${route}`, rule: Number(rule) } } : {};
  return [{ path: String(path), ...served }];
}
