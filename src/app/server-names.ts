import type { ControllerConfig } from "../controller-config.ts";

/** Every DNS name under which somebody reaches a replica: all are in the one certificate that it shows. */
export function serverNames({ xdsService, clusterDomain, webhook, api }: ControllerConfig): readonly string[] {
  const others = [webhook, api].flatMap((each) => (each === undefined ? [] : [each.service]));
  return [xdsService, `${xdsService}.${clusterDomain}`, ...others];
}
