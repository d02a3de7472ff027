import { EnvoyConfigCoreV3ApiVersion, type EnvoyConfigCoreV3ConfigSource } from "../../../proto/gen/types.ts";

/** Says that a resource comes over the aggregated stream. */
export const adsConfigSource = {
  ads: {},
  resourceApiVersion: EnvoyConfigCoreV3ApiVersion.V3,
} as const satisfies EnvoyConfigCoreV3ConfigSource;
