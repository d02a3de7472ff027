import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type ImageProgram, type ImageTable, programOf } from "../images.ts";
import { toolPath } from "./container-process.ts";
import type { PodPlace } from "./downward.ts";
import { buildEnvironment, expandVariables, type KeyedObjects } from "./environment.ts";
import type { BindMount, LaunchPlan } from "./launch-script.ts";
import type { ContainerSpec, Pod, VolumeMount } from "./pod.ts";
import { processIdentity, setprivArguments } from "./security.ts";

export interface PlanInput {
  readonly pod: Pod;
  readonly container: ContainerSpec;
  readonly place: PodPlace;
  readonly objects: KeyedObjects;
  readonly images: ImageTable;
  /** Where the files of a volume lie. */
  readonly volume: (name: string) => string;
  readonly kubernetesService: { readonly host: string; readonly port: number };
  readonly directory: string;
  readonly etc: string;
  readonly output: string;
  readonly hostname: string;
}

/** How to start a container, or why it cannot be started now. */
export type PlanResult =
  | {
      readonly kind: "ok";
      readonly plan: LaunchPlan;
      readonly command: readonly string[];
      readonly environment: ReadonlyMap<string, string>;
      /** What the first words of commands mean that are run in it later. */
      readonly programs: ImageProgram["programs"];
    }
  | { readonly kind: "waiting"; readonly reason: string; readonly message: string };

/** Works out everything about the next run of a container. */
export function planContainer(input: PlanInput): PlanResult {
  const { pod, container, images } = input;
  const image = programOf(images, container.image);
  if (image === undefined) return waiting("ErrImagePull", `no local program stands for image ${container.image}`);
  const identity = processIdentity(pod.spec, container, image.user);
  if (identity.kind === "refused") return waiting("CreateContainerConfigError", identity.message);
  const base = baseEnvironment(input, image, identity.identity.user);
  const built = buildEnvironment({ ...input, base });
  if (built.kind === "missing") return waiting("CreateContainerConfigError", built.message);
  const command = commandOf(container, image, built.environment);
  const mounts = (container.volumeMounts ?? []).map((mount) => bindMount(mount, built.environment, input));
  const programs = programFolders(image);
  const plan: LaunchPlan = {
    directory: input.directory,
    output: input.output,
    hostname: input.hostname,
    etc: input.etc,
    mounts: [...programs.mounts, ...mounts],
    passable: programs.passable,
    readOnlyRoot: identity.identity.readOnlyRoot,
    workingDirectory: container.workingDir ?? (image.workingDirectory || "/"),
    setpriv: setprivArguments(identity.identity),
  };
  return { kind: "ok", plan, command, environment: built.environment, programs: image.programs };
}

function waiting(reason: string, message: string): PlanResult {
  return { kind: "waiting", reason, message };
}

function baseEnvironment(input: PlanInput, image: ImageProgram, user: number): Readonly<Record<string, string>> {
  return {
    PATH: toolPath,
    HOME: user === 0 ? "/root" : "/",
    HOSTNAME: input.hostname,
    KUBERNETES_SERVICE_HOST: input.kubernetesService.host,
    KUBERNETES_SERVICE_PORT: String(input.kubernetesService.port),
    KUBERNETES_SERVICE_PORT_HTTPS: String(input.kubernetesService.port),
    ...image.env,
  };
}

/** As images define it: a command replaces entrypoint and arguments of the image, arguments replace only the latter. */
function commandOf(
  container: ContainerSpec,
  image: ImageProgram,
  environment: ReadonlyMap<string, string>,
): readonly string[] {
  const given = container.command ?? [];
  const entrypoint = given.length > 0 ? given : image.entrypoint;
  const args = container.args ?? (given.length > 0 ? [] : image.cmd);
  const [first = "false", ...rest] = [...entrypoint, ...args].map((word) => expandVariables(word, environment));
  return [...(image.programs[first] ?? [first]), ...rest];
}

function bindMount(mount: VolumeMount, environment: ReadonlyMap<string, string>, input: PlanInput): BindMount {
  const { name, mountPath, subPath, subPathExpr, readOnly } = mount;
  const below = subPathExpr === undefined ? subPath : expandVariables(subPathExpr, environment);
  const source = below === undefined || below === "" ? input.volume(name) : `${input.volume(name)}/${below}`;
  if (statSync(source, { throwIfNoEntry: false }) === undefined) mkdirSync(source, { recursive: true });
  const spec = input.pod.spec.volumes?.find((volume) => volume.name === name);
  // Files that the agent writes are never the container's to change.
  const writable = spec?.emptyDir !== undefined || spec?.hostPath !== undefined;
  const kind = statSync(source).isDirectory() ? "folder" : "file";
  return { source, target: mountPath, kind, readOnly: readOnly === true || !writable };
}

interface ProgramFolders {
  readonly mounts: readonly BindMount[];
  readonly passable: readonly string[];
}

/** What it takes that a container's user reaches the programs of its image, wherever they lie on this machine. */
function programFolders(image: ImageProgram): ProgramFolders {
  const words = [...image.entrypoint, ...image.cmd, ...Object.values(image.programs).flat()];
  const files = words.filter((word) => word.startsWith("/") && statSync(word, { throwIfNoEntry: false }) !== undefined);
  const above = new Set(files.flatMap(ancestors));
  const closed = [...above].filter((folder) => (statSync(folder).mode & 0o001) === 0);
  const hidden = new Set(files.flatMap((file) => hiddenFolder(file) ?? []));
  const mounts = [...hidden].map((folder): BindMount => {
    return { source: folder, target: folder, kind: "folder", readOnly: true };
  });
  return { mounts, passable: closed.filter((folder) => hiddenFolder(folder) === undefined) };
}

/** The folder to bind where a program is not on the root file system, or lies where a container has its own. */
function hiddenFolder(path: string): string | undefined {
  const parts = path.split("/").slice(1);
  if (parts[0] === "tmp" || parts[0] === "run") return `/${parts.slice(0, 2).join("/")}`;
  const root = statSync("/").dev;
  const all = [...ancestors(path)].reverse();
  return all.find((folder) => statSync(folder).dev !== root);
}

/** Every folder above a path, the nearest first. */
function ancestors(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "/" ? [] : [parent, ...ancestors(parent)];
}
