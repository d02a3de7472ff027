/** Who may do what in a cluster where the chart is installed: the whole of it. Roles that differ fail the tests. */

/** `resource.group`, a subresource after a slash, one object's name after a colon; the core group is empty. */
export type Rights = Readonly<Record<string, readonly string[]>>;

const read = ["get", "list", "watch"] as const;
const all = [...read, "create", "update", "patch", "delete"] as const;
/** Server-side apply, and removal. */
const applied = [...read, "create", "patch", "delete"] as const;

/** What the control plane needs of the cluster, whichever namespaces it watches. */
export const clusterRights: Rights = {
  "gatewayclasses.gateway.networking.k8s.io": [...read, "patch"],
  "gatewayclasses.gateway.networking.k8s.io/status": ["patch"],
  namespaces: read,
  nodes: read,
  "customresourcedefinitions.apiextensions.k8s.io": read,
  "events.events.k8s.io": ["create", "patch"],
  "hostnameclaims.gatehouse.dev": read,
  "namespacebudgets.gatehouse.dev": read,
  "hostnamerecords.gatehouse.dev": [...read, "create", "delete"],
  "hostnamerecords.gatehouse.dev/status": ["patch"],
  "quarantines.gatehouse.dev": [...read, "create", "delete"],
  "tokenreviews.authentication.k8s.io": ["create"],
  "subjectaccessreviews.authorization.k8s.io": ["create"],
  "validatingwebhookconfigurations.admissionregistration.k8s.io:gatehouse": [...read, "patch"],
};

/** What the control plane needs in each namespace that it watches. */
export const watchRights: Rights = {
  "gateways.gateway.networking.k8s.io": read,
  "gateways.gateway.networking.k8s.io/status": ["patch"],
  "listenersets.gateway.networking.k8s.io": read,
  "listenersets.gateway.networking.k8s.io/status": ["patch"],
  "httproutes.gateway.networking.k8s.io": read,
  "httproutes.gateway.networking.k8s.io/status": ["patch"],
  "grpcroutes.gateway.networking.k8s.io": read,
  "grpcroutes.gateway.networking.k8s.io/status": ["patch"],
  "tlsroutes.gateway.networking.k8s.io": read,
  "tlsroutes.gateway.networking.k8s.io/status": ["patch"],
  "tcproutes.gateway.networking.k8s.io": read,
  "tcproutes.gateway.networking.k8s.io/status": ["patch"],
  "udproutes.gateway.networking.k8s.io": read,
  "udproutes.gateway.networking.k8s.io/status": ["patch"],
  "backendtlspolicies.gateway.networking.k8s.io": read,
  "backendtlspolicies.gateway.networking.k8s.io/status": ["patch"],
  "referencegrants.gateway.networking.k8s.io": read,
  "gatewayparameters.gatehouse.dev": read,
  "gatewayparameters.gatehouse.dev/status": ["patch"],
  "endpointslices.discovery.k8s.io": read,
  secrets: read,
  "secrets:gatehouse-xds": ["create", "patch", "delete"],
  configmaps: applied,
  serviceaccounts: applied,
  services: applied,
  "deployments.apps": applied,
  "poddisruptionbudgets.policy": applied,
  "horizontalpodautoscalers.autoscaling": applied,
  pods: ["list"],
  "pods/log": ["get"],
};

/** What the control plane needs in its own namespace besides. */
export const ownRights: Rights = {
  "leases.coordination.k8s.io": ["create"],
  "leases.coordination.k8s.io:gatehouse": ["get", "update"],
  "secrets:gatehouse-ca": ["create", "patch", "delete"],
  "secrets:gatehouse-xds-server": ["create", "patch", "delete"],
};

const events: Rights = { events: read, "events.events.k8s.io": read };

/** What people may do who have one of the roles, and nothing else. */
export const userRights: Readonly<Record<string, Rights>> = {
  "gatehouse-infrastructure-provider": {
    "gatewayclasses.gateway.networking.k8s.io": all,
    "gatewayparameters.gatehouse.dev": all,
    "hostnameclaims.gatehouse.dev": all,
    "namespacebudgets.gatehouse.dev": all,
    "hostnamerecords.gatehouse.dev": read,
    "quarantines.gatehouse.dev": [...read, "delete"],
    "gateways.gateway.networking.k8s.io": read,
    "listenersets.gateway.networking.k8s.io": read,
    ...events,
  },
  "gatehouse-cluster-operator": {
    "gateways.gateway.networking.k8s.io": all,
    "listenersets.gateway.networking.k8s.io": all,
    "referencegrants.gateway.networking.k8s.io": all,
    "gatewayparameters.gatehouse.dev": read,
    "hostnameclaims.gatehouse.dev": read,
    "namespacebudgets.gatehouse.dev": read,
    "hostnamerecords.gatehouse.dev": read,
    "quarantines.gatehouse.dev": read,
    namespaces: [...read, "create", "update", "patch"],
    "gatewayclasses.gateway.networking.k8s.io": read,
    "httproutes.gateway.networking.k8s.io": read,
    "grpcroutes.gateway.networking.k8s.io": read,
    "tlsroutes.gateway.networking.k8s.io": read,
    "tcproutes.gateway.networking.k8s.io": read,
    "udproutes.gateway.networking.k8s.io": read,
    "backendtlspolicies.gateway.networking.k8s.io": read,
    pods: read,
    "pods/log": ["get"],
    services: read,
    "deployments.apps": read,
    "poddisruptionbudgets.policy": read,
    "horizontalpodautoscalers.autoscaling": read,
    ...events,
  },
  "gatehouse-parameters-manager": { "gatewayparameters.gatehouse.dev": all },
  "gatehouse-certificate-manager": { secrets: all },
  "gatehouse-application-developer": {
    "httproutes.gateway.networking.k8s.io": all,
    "grpcroutes.gateway.networking.k8s.io": all,
    "tlsroutes.gateway.networking.k8s.io": all,
    "tcproutes.gateway.networking.k8s.io": all,
    "udproutes.gateway.networking.k8s.io": all,
    "backendtlspolicies.gateway.networking.k8s.io": all,
    "referencegrants.gateway.networking.k8s.io": all,
    "gateways.gateway.networking.k8s.io": read,
    "listenersets.gateway.networking.k8s.io": read,
    services: all,
    "endpointslices.discovery.k8s.io": read,
    ...events,
  },
  "gatehouse-viewer": {
    "gatewayclasses.gateway.networking.k8s.io": read,
    "gateways.gateway.networking.k8s.io": read,
    "listenersets.gateway.networking.k8s.io": read,
    "httproutes.gateway.networking.k8s.io": read,
    "grpcroutes.gateway.networking.k8s.io": read,
    "tlsroutes.gateway.networking.k8s.io": read,
    "tcproutes.gateway.networking.k8s.io": read,
    "udproutes.gateway.networking.k8s.io": read,
    "backendtlspolicies.gateway.networking.k8s.io": read,
    "referencegrants.gateway.networking.k8s.io": read,
    "gatewayparameters.gatehouse.dev": read,
  },
};

/** Every right as one line, such as `patch secrets:gatehouse-ca`, sorted. */
export function linesOf(rights: Rights): readonly string[] {
  return Object.entries(rights)
    .flatMap(([resource, verbs]) => verbs.map((verb) => `${verb} ${resource}`))
    .toSorted();
}

/** A rule of a Role or a ClusterRole. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** The rules of a role as {@link linesOf} tells them. */
export function linesOfRules(rules: readonly PolicyRule[]): readonly string[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          (resourceNames ?? [""]).flatMap((name) =>
            verbs.map((verb) => `${verb} ${resourceKey(group, resource, name)}`),
          ),
        ),
      ),
    )
    .toSorted();
}

/** The key in {@link Rights} of a resource such as `pods/log`. */
export function resourceKey(group: string, resource: string, name = ""): string {
  const [plural, subresource] = resource.split("/");
  const full = group === "" ? `${plural}` : `${plural}.${group}`;
  return `${full}${subresource === undefined ? "" : `/${subresource}`}${name === "" ? "" : `:${name}`}`;
}
