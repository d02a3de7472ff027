/** What the `restricted` pod security standard asks for: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */

/** The user that both images are made for; by number, so that a node can tell that it is not root. */
const nonRootUser = 65_532;

/** Of the pod. The group owns the credentials, which nobody else may read. */
export const podSecurity = {
  runAsNonRoot: true,
  runAsUser: nonRootUser,
  runAsGroup: nonRootUser,
  fsGroup: nonRootUser,
  seccompProfile: { type: "RuntimeDefault" },
} as const;

/** Of each container. */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: nonRootUser,
  capabilities: { drop: ["ALL"] },
} as const;
