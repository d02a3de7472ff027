import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { scanTree } from "../watch/file-tree.ts";
import type { ManifestText } from "../watch/manifests.ts";

/** Reads one manifest, or all manifests below a folder: those that would be served from it. Throws when it cannot. */
export async function readManifestFiles(path: string): Promise<readonly ManifestText[]> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`cannot read ${path}: ${cause.code ?? cause.message}`, { cause });
  });
  if (!found.isDirectory()) return [{ path, text: await readFile(path, "utf8") }];
  const { files, unreadable } = await scanTree(path);
  for (const [name, reason] of unreadable) throw new Error(`cannot read ${join(path, name)}: ${reason}`);
  const names = [...files.keys()].sort();
  return Promise.all(
    names.map(async (name) => ({ path: join(path, name), text: await readFile(join(path, name), "utf8") })),
  );
}
