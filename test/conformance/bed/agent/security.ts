import type { ContainerSpec, PodSpec } from "./pod.ts";

/** Who a container's process is and what it may do. */
export interface ProcessIdentity {
  readonly user: number;
  readonly group: number;
  readonly groups: readonly number[];
  /** Lower-case names without `cap_`, sorted; undefined for privileged containers: all of them. */
  readonly capabilities: readonly string[] | undefined;
  /** The capabilities that a user other than root keeps. */
  readonly ambient: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly readOnlyRoot: boolean;
}

export type IdentityResult =
  | { readonly kind: "ok"; readonly identity: ProcessIdentity }
  | { readonly kind: "refused"; readonly message: string };

/** What container runtimes give to a container that asks for nothing. */
const defaultCapabilities = [
  "audit_write",
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "mknod",
  "net_bind_service",
  "net_raw",
  "setfcap",
  "setgid",
  "setpcap",
  "setuid",
  "sys_chroot",
];

/** Works out the identity of a container from the pod's and its own security context and the image's user. */
export function processIdentity(pod: PodSpec, container: ContainerSpec, imageUser: number): IdentityResult {
  const outer = pod.securityContext ?? {};
  const inner = container.securityContext ?? {};
  const user = inner.runAsUser ?? outer.runAsUser ?? imageUser;
  if ((inner.runAsNonRoot ?? outer.runAsNonRoot) === true && user === 0) {
    return { kind: "refused", message: `container ${container.name} has runAsNonRoot but would run as root` };
  }
  const groups = new Set(outer.supplementalGroups ?? []);
  if (outer.fsGroup !== undefined) groups.add(outer.fsGroup);
  const privileged = inner.privileged === true;
  const capabilities = capabilitiesOf(inner.capabilities?.add ?? [], inner.capabilities?.drop ?? []);
  const added = (inner.capabilities?.add ?? []).map(lowerName);
  const identity: ProcessIdentity = {
    user,
    group: inner.runAsGroup ?? outer.runAsGroup ?? 0,
    groups: [...groups].sort((a, b) => a - b),
    capabilities: privileged || capabilities.includes("all") ? undefined : capabilities,
    // Images set file capabilities on programs that need one; local programs have none, so what was added is ambient.
    ambient: user === 0 || privileged ? [] : capabilities.filter((name) => added.includes(name)),
    noNewPrivileges: inner.allowPrivilegeEscalation === false,
    readOnlyRoot: inner.readOnlyRootFilesystem === true,
  };
  return { kind: "ok", identity };
}

/** The arguments of `setpriv` that make a process of root into one with this identity. */
export function setprivArguments(identity: ProcessIdentity): readonly string[] {
  const { user, group, groups, capabilities, ambient, noNewPrivileges } = identity;
  const list = (names: readonly string[]): string => ["-all", ...names.map((name) => `+${name}`)].join(",");
  const limits =
    capabilities === undefined
      ? []
      : ["--bounding-set", list(capabilities), "--inh-caps", list(ambient), "--ambient-caps", list(ambient)];
  return [
    ...["--reuid", String(user), "--regid", String(group)],
    ...(groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")]),
    ...limits,
    ...(noNewPrivileges ? ["--no-new-privs"] : []),
    // A change of user forgets the signal that ties the process to its parent.
    ...["--pdeathsig", "KILL"],
  ];
}

function capabilitiesOf(add: readonly string[], drop: readonly string[]): readonly string[] {
  const dropped = drop.map(lowerName);
  const kept = dropped.includes("all") ? [] : defaultCapabilities.filter((name) => !dropped.includes(name));
  return [...new Set([...kept, ...add.map(lowerName)])].sort();
}

function lowerName(name: string): string {
  return name.toLowerCase().replace(/^cap_/, "");
}
