import { dirname } from "node:path";
import type { FolderSnapshot } from "../../../demo/diff.ts";
import type { Bed } from "../bed/start-bed.ts";
import { clusterManifest } from "./cluster-manifest.ts";
import { applyAs, deleteAs, type Person } from "./people.ts";

/**
 * Brings a cluster from one state of an article's folder to another: whoever owns a file applies it where it is new or
 * another, and deletes what it held where it is gone. Answers the paths of these files.
 */
export async function applyDifference(
  bed: Bed,
  before: FolderSnapshot,
  after: FolderSnapshot,
): Promise<readonly string[]> {
  const all = new Set([...before.keys(), ...after.keys()]);
  const paths = [...all].filter((path) => before.get(path) !== after.get(path)).sort(byRole);
  for (const path of paths) {
    const text = after.get(path);
    if (text === undefined) await deleteAs(bed, ownerOf(path), clusterManifest(before.get(path) ?? ""));
    else await applyAs(bed, ownerOf(path), clusterManifest(text));
  }
  return paths;
}

/** The teams that own some of the files of an article. Each has a namespace of its name. */
export function teamsOf(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.flatMap((path) => placeOf(path).team ?? []))];
}

const roles = ["infrastructure-provider", "cluster-operator", "app-developer"];

function byRole(a: string, b: string): number {
  const rank = (path: string): number => roles.indexOf(placeOf(path).role);
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function ownerOf(path: string): Person {
  const { role, team } = placeOf(path);
  if (role === "infrastructure-provider") return "infra-provider";
  return role === "cluster-operator" ? "cluster-operator" : `app-developer-of-${team}`;
}

/** The folders of a file: the first is the owner's role, and a developer's team is the second. */
function placeOf(path: string): { readonly role: string; readonly team?: string } {
  const [role = "", team] = dirname(path).split("/");
  return { role, ...(team !== undefined && { team }) };
}
