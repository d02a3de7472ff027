import type { BedApi } from "../bed/api.ts";

/**
 * Lets the suite's own pods into namespaces that enforce the `restricted` profile, which their manifests were not written
 * for: a policy of the cluster adds what they lack. It leaves all other pods, such as a Gateway's proxies, as they are.
 */
export async function admitSuitePods(api: BedApi): Promise<void> {
  await api.apply(`${group}/mutatingadmissionpolicies/${name}`, policy);
  await api.apply(`${group}/mutatingadmissionpolicybindings/${name}`, binding);
}

const group = "/apis/admissionregistration.k8s.io/v1";
const name = "suite-pods.bed";

const podSecurity = `Object.spec.securityContext{
  runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532,
  seccompProfile: Object.spec.securityContext.seccompProfile{type: "RuntimeDefault"}
}`;

const containerSecurity = `Object.spec.containers.securityContext{
  allowPrivilegeEscalation: false,
  capabilities: Object.spec.containers.securityContext.capabilities{drop: ["ALL"]}
}`;

// Patches, because a list that is one value, as `drop` is, cannot be applied. Every pod of the suite has one container.
const patches = `[
  JSONPatch{op: "add", path: "/spec/securityContext", value: ${podSecurity}},
  JSONPatch{op: "add", path: "/spec/containers/0/securityContext", value: ${containerSecurity}}
]`;

const policy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingAdmissionPolicy",
  metadata: { name },
  spec: {
    failurePolicy: "Fail",
    reinvocationPolicy: "Never",
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }],
    },
    matchConditions: [
      {
        name: "backends",
        expression: 'size(object.spec.containers) == 1 && object.spec.containers[0].image.contains("/echo-basic:")',
      },
    ],
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patches } }],
  },
};

const binding = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingAdmissionPolicyBinding",
  metadata: { name },
  spec: { policyName: name },
};
