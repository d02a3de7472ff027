import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file as it was found: the stamp changes whenever its content may have. */
export interface FileStamp {
  readonly absolute: string;
  readonly stamp: string;
  readonly size: number;
  readonly modified: number;
}

/** Everything in a folder that a scan found. Paths are relative to the folder, with '/'. */
export interface TreeScan {
  readonly files: ReadonlyMap<string, FileStamp>;
  /** Set when nothing but these paths was looked at: then `files` holds those of them that are there. */
  readonly only?: ReadonlySet<string>;
  /** The folders to watch, with what tells one folder of that name from the next. */
  readonly directories: ReadonlyMap<string, string>;
  /** Files and folders that cannot be read, and why. What lies below them counts as unchanged. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/**
 * Finds all manifests below a folder. Hidden entries are left out (a ConfigMap mount keeps its versions there), links are
 * followed, and nothing is found twice because links lead to it.
 */
export async function scanTree(root: string): Promise<TreeScan> {
  const walk: Walk = {
    root,
    files: new Map(),
    directories: new Map(),
    unreadable: new Map(),
    links: [],
    seen: new Set(),
  };
  await walkDirectory(walk, "");
  // Links come after everything else, so that a file is known by its own name rather than by that of a link.
  while (walk.links.length > 0) {
    const links = walk.links.splice(0).sort();
    for (const link of links) await followLink(walk, link);
  }
  return walk;
}

/**
 * Looks at some files only, so that an edit costs the same however many there are; undefined when that is not enough and
 * the folder must be scanned.
 */
export async function rescanFiles(
  root: string,
  scan: TreeScan,
  paths: ReadonlySet<string>,
): Promise<TreeScan | undefined> {
  const files = new Map<string, FileStamp>();
  const unreadable = new Map(scan.unreadable);
  for (const path of paths) {
    const found = await attempt(() => lstat(join(root, path), { bigint: true }));
    if (!isManifest(path)) {
      // Editors and tools write beside a file and move it into place: that is no reason to look through the folder.
      if (scan.unreadable.has(path) || mayHoldManifests(scan, join(root, path), found)) return undefined;
      continue;
    }
    unreadable.delete(path);
    if ("error" in found) {
      if (!found.missing) return undefined;
      continue;
    }
    if (!found.value.isFile()) return undefined;
    files.set(path, stampOf(join(root, path), found.value));
  }
  return { directories: scan.directories, files, only: paths, unreadable };
}

/** Whether anything below a path that is no manifest itself may have changed: it is no plain file, or was a folder. */
function mayHoldManifests(scan: TreeScan, absolute: string, found: Attempt<{ isFile(): boolean }>): boolean {
  if (scan.directories.has(absolute)) return true;
  return "error" in found ? !found.missing : !found.value.isFile();
}

/** Whether a scan found the same files in the same state. */
export function sameScan(a: TreeScan, b: TreeScan): boolean {
  if (a.files.size !== b.files.size || a.unreadable.size !== b.unreadable.size) return false;
  for (const [path, { stamp }] of a.files) if (b.files.get(path)?.stamp !== stamp) return false;
  return [...a.unreadable.keys()].every((path) => b.unreadable.has(path));
}

/** Whether it lies in something that could not be read, so that nobody knows whether it is still there. */
export function isOutOfSight(scan: TreeScan, path: string): boolean {
  if (scan.unreadable.size === 0) return false;
  if (scan.unreadable.has(path) || scan.unreadable.has("")) return true;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    if (scan.unreadable.has(path.slice(0, at))) return true;
  }
  return false;
}

/** Why a call to the file system failed, in a few words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
}

interface Walk {
  readonly root: string;
  readonly files: Map<string, FileStamp>;
  readonly directories: Map<string, string>;
  readonly unreadable: Map<string, string>;
  readonly links: string[];
  /** Device and inode of everything found. */
  readonly seen: Set<string>;
}

type Stats = Awaited<ReturnType<typeof statOf>>;

async function walkDirectory(walk: Walk, path: string): Promise<void> {
  const absolute = join(walk.root, path);
  const own = await attempt(() => statOf(absolute));
  const listed = await attempt(() => readdir(absolute, { withFileTypes: true }));
  if ("error" in own || "error" in listed) {
    const missing = "error" in listed ? listed.missing : false;
    // A folder that is gone is a removal; the folder that we were told to read never is.
    if (path === "" || !missing) walk.unreadable.set(path, "error" in listed ? listed.error : "it cannot be read");
    return;
  }
  const id = identity(own.value);
  if (walk.seen.has(id)) return;
  walk.seen.add(id);
  walk.directories.set(absolute, id);
  await Promise.all(
    listed.value.map(async (entry) => {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.name.startsWith(".")) return;
      if (entry.isSymbolicLink()) walk.links.push(below);
      else if (entry.isDirectory()) await walkDirectory(walk, below);
      else if (entry.isFile() && isManifest(below)) await addFile(walk, below);
    }),
  );
}

async function addFile(walk: Walk, path: string): Promise<void> {
  const absolute = join(walk.root, path);
  const found = await attempt(() => statOf(absolute));
  if ("error" in found) {
    if (!found.missing) walk.unreadable.set(path, found.error);
    return;
  }
  walk.seen.add(identity(found.value));
  walk.files.set(path, stampOf(absolute, found.value));
}

async function followLink(walk: Walk, path: string): Promise<void> {
  const absolute = join(walk.root, path);
  const found = await attempt(() => statOf(absolute));
  if ("error" in found) {
    // Where a link leads may be unmounted or about to be written: no removal.
    walk.unreadable.set(path, found.missing ? "the link leads to nothing" : found.error);
    return;
  }
  if (found.value.isDirectory()) return walkDirectory(walk, path);
  if (!found.value.isFile() || !isManifest(path) || walk.seen.has(identity(found.value))) return;
  walk.seen.add(identity(found.value));
  walk.files.set(path, stampOf(absolute, found.value));
  const target = await attempt(async () => dirname(await realpath(absolute)));
  if (!("error" in target) && !walk.directories.has(target.value)) walk.directories.set(target.value, target.value);
}

function isManifest(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !name.startsWith(".") && /\.(ya?ml|json)$/i.test(name);
}

function statOf(absolute: string) {
  return stat(absolute, { bigint: true });
}

function identity({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function stampOf(absolute: string, stats: Stats): FileStamp {
  const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
  return { absolute, stamp, size: Number(stats.size), modified: Number(stats.mtimeMs) };
}

type Attempt<T> = { readonly value: T } | { readonly error: string; readonly missing: boolean };

async function attempt<T>(call: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    const reason = reasonOf(error);
    return { error: reason, missing: reason === "ENOENT" || reason === "ENOTDIR" };
  }
}
