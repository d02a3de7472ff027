import { loadKubeApi } from "../../watch/kube-api.ts";
import type { ManifestText } from "../../watch/manifests.ts";
import { readFileWorld } from "./file-world.ts";
import { readLiveWorld } from "./live-world.ts";
import type { PlacedObject, World } from "./world.ts";

/** Where a world is: in texts of manifests, or in a cluster. */
export type WorldSource =
  | { readonly kind: "manifests"; readonly files: readonly ManifestText[] }
  | { readonly kind: "live"; readonly kubeconfig?: string; readonly context?: string };

/** A world, or in plain words why it could not be read. */
export type OpenedWorld =
  | { readonly kind: "ok"; readonly world: World }
  | { readonly kind: "failed"; readonly message: string };

/** Reads a world. `also` are objects that are not in it yet, but name Secrets of it. */
export async function openWorld(
  source: WorldSource,
  { now, also }: { readonly now: number; readonly also?: readonly PlacedObject[] },
): Promise<OpenedWorld> {
  if (source.kind === "manifests") return { kind: "ok", world: readFileWorld(source.files) };
  const { kind: _, ...credentials } = source;
  const api = loadKubeApi({ ...credentials, userAgent: "gatehouse-cli" });
  if (api.kind === "failed") return api;
  try {
    return await readLiveWorld(api.value, { now, ...(also && { also }) });
  } finally {
    api.value.close();
  }
}
