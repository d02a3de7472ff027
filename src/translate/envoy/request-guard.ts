import {
  EnvoyConfigRbacV3RBACAction as Action,
  type EnvoyExtensionsFiltersNetworkHttpConnectionManagerV3HttpFilter as HttpFilter,
} from "../../../proto/gen/types.ts";
import { anyOf } from "../../../proto/messages.ts";
import { dotsWithParameters, properAuthority } from "../request-spelling.ts";

/**
 * Refuses, before a route is looked for, what Envoy would read otherwise than a backend may: a Host that is not a name or an
 * address with perhaps a port, and a path with dot segments that normalisation has left because of their parameters.
 */
export const requestGuard: HttpFilter = {
  name: "gatehouse.request_guard",
  typedConfig: anyOf("envoy.extensions.filters.http.rbac.v3.RBAC", {
    rules: {
      action: Action.DENY,
      policies: {
        authority: {
          permissions: [
            { notRule: { header: { name: ":authority", stringMatch: { safeRegex: { regex: properAuthority } } } } },
          ],
          principals: [{ any: true }],
        },
        dots: {
          permissions: [{ urlPath: { path: { safeRegex: { regex: dotsWithParameters } } } }],
          principals: [{ any: true }],
        },
      },
    },
  }),
};
