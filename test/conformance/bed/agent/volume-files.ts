import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { VolumeFile } from "./volume-payload.ts";

/** Who may read the files of a volume. */
export interface VolumeOwner {
  /** The pod's fsGroup. */
  readonly group: number | undefined;
  /** The one user that every container of the pod runs as, if there is one. */
  readonly user: number | undefined;
}

/**
 * Puts files into a volume so that readers see all of the old ones or all of the new ones:
 *
 *     volume/tls.crt -> ..data/tls.crt
 *     volume/..data  -> ..1763700000000-1        swapped by one rename
 *     volume/..1763700000000-1/tls.crt
 */
export function writeVolumeFiles(volume: string, files: ReadonlyMap<string, VolumeFile>, owner: VolumeOwner): void {
  mkdirSync(volume, { recursive: true });
  const previous = currentFolder(volume);
  const folder = nextFolder(previous);
  mkdirSync(join(volume, folder));
  chmodSync(join(volume, folder), 0o755);
  for (const [path, file] of files) writeOne(join(volume, folder, path), file, owner);
  symlinkSync(folder, join(volume, "..data_new"));
  renameSync(join(volume, "..data_new"), join(volume, "..data"));
  linkNames(volume, new Set([...files.keys()].map((path) => path.split("/")[0] ?? path)));
  if (previous !== undefined) rmSync(join(volume, previous), { recursive: true, force: true });
}

/** The mode of one file: the pod's group may read what it is given, and tokens are for the pod's own user alone. */
export function fileMode(file: VolumeFile, owner: VolumeOwner): number {
  if (file.token !== true) return owner.group === undefined ? file.mode : file.mode | 0o440;
  if (owner.group !== undefined) return 0o640;
  return owner.user === undefined ? file.mode : 0o600;
}

function currentFolder(volume: string): string | undefined {
  try {
    return readlinkSync(join(volume, "..data"));
  } catch {
    // The first payload of a volume finds none.
    return undefined;
  }
}

function nextFolder(previous: string | undefined): string {
  const number = Number(previous?.split("-").at(-1) ?? 0) + 1;
  return `..${Date.now()}-${number}`;
}

function writeOne(path: string, file: VolumeFile, owner: VolumeOwner): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.bytes);
  const user = file.token === true && owner.group === undefined ? owner.user : undefined;
  if (user !== undefined || owner.group !== undefined) chownSync(path, user ?? 0, owner.group ?? 0);
  // Set apart from the writing, which is subject to the process's mask.
  chmodSync(path, fileMode(file, owner));
}

function linkNames(volume: string, names: ReadonlySet<string>): void {
  for (const present of readdirSync(volume)) {
    if (!present.startsWith("..") && !names.has(present)) rmSync(join(volume, present));
  }
  for (const name of names) {
    if (lstatSync(join(volume, name), { throwIfNoEntry: false }) === undefined) {
      symlinkSync(join("..data", name), join(volume, name));
    }
  }
}
