import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { type CopyInstruction, isInContext, lastOf, parseCopy, parseDockerfile, type Stage } from "./dockerfile.ts";

/** The file tree and settings that a Dockerfile makes, without a container. */
export interface BuiltImage {
  /** The folder that stands for the container's `/`. */
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workingDirectory: string;
}

interface Build {
  readonly repository: string;
  readonly folder: string;
  readonly ignore: string;
  /** Search path that holds node and npm. */
  readonly path: string;
}

/** Does what the Dockerfile's lines say in folders below `folder`. Packages come from this checkout, not from a registry. */
export function buildImage(repository: string, folder: string): BuiltImage {
  const stages = parseDockerfile(readFileSync(join(repository, "Dockerfile"), "utf8"));
  const ignore = readFileSync(join(repository, ".dockerignore"), "utf8");
  const path = `${join(repository, ".tools/node/bin")}:${process.env["PATH"] ?? ""}`;
  for (const stage of stages) runStage(stage, { repository, folder, ignore, path });
  const last = stages.at(-1);
  if (last === undefined) throw new Error("the Dockerfile has no stage");
  return {
    root: join(folder, last.name),
    entrypoint: JSON.parse(lastOf(last, "ENTRYPOINT") ?? "[]"),
    command: JSON.parse(lastOf(last, "CMD") ?? "[]"),
    environment: environmentOf(last),
    user: lastOf(last, "USER") ?? "root",
    workingDirectory: lastOf(last, "WORKDIR") ?? "/",
  };
}

function runStage(stage: Stage, build: Build): void {
  const root = join(build.folder, stage.name);
  let directory = "/";
  for (const { keyword, rest } of stage.instructions) {
    if (keyword === "WORKDIR") {
      directory = resolve(directory, rest);
      mkdirSync(join(root, directory), { recursive: true });
    }
    if (keyword === "COPY") copy(parseCopy(rest), { ...build, root, directory });
    if (keyword === "RUN") run(rest, { ...build, root, directory });
  }
}

interface StageBuild extends Build {
  readonly root: string;
  readonly directory: string;
}

function copy({ from, sources, target }: CopyInstruction, build: StageBuild): void {
  const { repository, folder, ignore, root, directory } = build;
  const base = from === undefined ? repository : join(folder, from);
  const isKept = (path: string): boolean => {
    const inside = relative(repository, path);
    return from !== undefined || isInContext(ignore, inside) || isAbove(ignore, inside);
  };
  for (const source of sources) {
    const origin = join(base, source);
    if (!existsSync(origin)) throw new Error(`COPY ${source}: it is not there`);
    if (from === undefined && !isInContext(ignore, source))
      throw new Error(`COPY ${source}: .dockerignore leaves it out`);
    const place = join(root, resolve(directory, target));
    const isFolder = target.endsWith("/") || target === "." || target === "./";
    const goal = isFolder ? join(place, relative(dirname(origin), origin)) : place;
    mkdirSync(dirname(goal), { recursive: true });
    cpSync(origin, goal, { recursive: true, filter: isKept });
  }
}

/** A folder that is left out itself may hold something that is not. */
function isAbove(ignore: string, path: string): boolean {
  return ignore.split("\n").some((rule) => rule.startsWith(`!${path}/`));
}

function run(command: string, build: StageBuild): void {
  const directory = join(build.root, build.directory);
  const [program = "", ...args] = command.split(" ");
  if (program === "npm" && args[0] === "ci") {
    installPackages(build.repository, directory, args.includes("--omit=dev") ? "production" : "all");
    return;
  }
  const { status, stderr, stdout } = spawnSync(program, args, {
    cwd: directory,
    encoding: "utf8",
    env: { PATH: build.path, HOME: build.folder },
  });
  if (status !== 0) throw new Error(`RUN ${command} ended with ${status}:\n${stdout}${stderr}`);
}

/** What `npm ci` would install by the lock file that was copied, taken from the packages of this checkout. */
function installPackages(repository: string, directory: string, which: "production" | "all"): void {
  if (which === "all") {
    symlinkSync(join(repository, "node_modules"), join(directory, "node_modules"));
    return;
  }
  // npm writes the lock file; a field that is missing counts as false.
  const lock = JSON.parse(readFileSync(join(directory, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>>;
  };
  const wanted = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true,
  );
  for (const [path] of wanted) {
    const origin = join(repository, path);
    // Packages for other platforms are locked and not installed.
    if (!existsSync(origin)) continue;
    const isOwn = (file: string): boolean => file === origin || !relative(origin, file).startsWith("node_modules");
    cpSync(origin, join(directory, path), { recursive: true, filter: isOwn, verbatimSymlinks: true });
  }
}

function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  const pairs = stage.instructions.filter(({ keyword }) => keyword === "ENV").map(({ rest }) => rest.split("="));
  return Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value]));
}
