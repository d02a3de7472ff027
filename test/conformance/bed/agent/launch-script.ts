/** One bind mount of a container. */
export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly kind: "folder" | "file";
  readonly readOnly: boolean;
}

/** Everything that is done between the new namespaces of a container and its program. */
export interface LaunchPlan {
  /** The container's own folder of state: `root` is where its file system is put together, `pid` tells its process. */
  readonly directory: string;
  /** The pipe that the container writes its output to. */
  readonly output: string;
  readonly hostname: string;
  /** Holds `hosts`, `hostname` and `resolv.conf`. */
  readonly etc: string;
  readonly mounts: readonly BindMount[];
  /** Folders above programs that the container's user could not pass otherwise. */
  readonly passable: readonly string[];
  readonly readOnlyRoot: boolean;
  readonly workingDirectory: string;
  readonly setpriv: readonly string[];
}

/** The exit status of a container whose program could not be started. */
export const startFailure = 128;

const oldRoot = "/.node";

/**
 * Writes the shell script that turns a process in new namespaces into a container: the machine's own file system is the
 * image, under a layer in memory that takes what the container writes; then volumes, and at last the program, which is `"$@"`.
 */
export function launchScript(plan: LaunchPlan): string {
  const { directory, mounts, readOnlyRoot } = plan;
  const root = `${directory}/root`;
  const fresh = ["/tmp", "/run"].filter((folder) => !mounts.some(({ target }) => target === folder));
  return [
    "set -e",
    `trap 'exit ${startFailure}' EXIT`,
    `exec </dev/null >${quote(plan.output)} 2>&1`,
    // Not yet the container's own /proc: the number is the one that the agent knows the process by.
    `read -r pid rest </proc/self/stat; printf %s "$pid" >${quote(`${directory}/pid`)}`,
    `printf %s ${quote(plan.hostname)} >/proc/sys/kernel/hostname`,
    `mount -t tmpfs tmpfs ${quote(root)}`,
    `cd ${quote(root)}; mkdir upper work merged`,
    "mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work merged",
    `cd merged; mkdir -m 700 .${oldRoot}; pivot_root . .${oldRoot}; cd /`,
    "mount -t proc proc /proc; mount -t sysfs -o ro sysfs /sys",
    `mount --rbind ${oldRoot}/dev /dev`,
    ...fresh.map((folder) => `mount -t tmpfs -o mode=${folder === "/tmp" ? 1777 : 755} tmpfs ${folder}`),
    `cp --remove-destination ${oldRoot}${quote(plan.etc)}/* /etc/`,
    ...(plan.passable.length === 0 ? [] : [`chmod o+x ${plan.passable.map(quote).join(" ")}`]),
    ...mounts.map(bindLine),
    `mkdir -p ${quote(plan.workingDirectory)}`,
    `umount -l ${oldRoot}; rmdir ${oldRoot}`,
    // Only this mount's flag, never the file system's: a volume may lie over it.
    ...(readOnlyRoot ? ["/", ...fresh].map((folder) => `mount -o remount,bind,ro ${folder}`) : []),
    `cd ${quote(plan.workingDirectory)}`,
    `exec setpriv ${plan.setpriv.map(quote).join(" ")} -- "$@"`,
    "",
  ].join("\n");
}

/** Puts a word into quotes that the shell takes literally. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function bindLine({ source, target, kind, readOnly }: BindMount): string {
  const at = quote(target);
  const parent = target.slice(0, target.lastIndexOf("/")) || "/";
  const make =
    kind === "folder" ? `[ -d ${at} ] || mkdir -p ${at}` : `[ -e ${at} ] || { mkdir -p ${quote(parent)}; : >${at}; }`;
  return `${make}; mount -o ${readOnly ? "rbind,ro" : "rbind"} ${oldRoot}${quote(source)} ${at}`;
}
