import type { AddressOf } from "../tenants.ts";
import type { Family } from "./attack.ts";
import { bundles, policies } from "./backend-tls.ts";
import { bombs, floods } from "./floods.ts";
import { methods, sessions } from "./grpc.ts";
import { hostnames, olderRoutes, wildcardHostnames } from "./hostnames.ts";
import { layer4ListenerSets, portRoutes, serverNames } from "./layer4.ts";
import { listenerSets, olderPorts, ownGateways } from "./listener-sets.ts";
import { annotations, names, poison } from "./names.ts";
import { hostlessRoutes, regexes } from "./paths.ts";
import { endpointSlices, references } from "./references.ts";

/** Everything that the attacker tries. */
export function allFamilies(addressOf: AddressOf): readonly Family[] {
  return [
    hostnames,
    wildcardHostnames,
    olderRoutes,
    hostlessRoutes,
    regexes,
    listenerSets,
    olderPorts,
    ownGateways,
    references,
    endpointSlices(addressOf),
    names,
    annotations,
    poison,
    bombs,
    floods,
    methods,
    sessions,
    serverNames,
    portRoutes,
    layer4ListenerSets,
    policies,
    bundles,
  ];
}
