import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchBackend, type BenchObject, platformObjects, routeObject, type Shape } from "./world.ts";

/** A folder of manifests as a platform team would keep it: a folder for each team, a file for each route. */
export interface ManifestFolder {
  readonly path: string;
  /** Moves another revision of a route into place, as editors do. */
  edit(index: number, revision: number): Promise<void>;
  remove(): Promise<void>;
}

/** Writes the manifests of a gateway with so many routes of a shape. */
export async function writeManifests(shape: Shape, routes: number, backend: BenchBackend): Promise<ManifestFolder> {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-bench-"));
  const platform = platformObjects(backend);
  await writeFile(join(path, "platform.yaml"), platform.map(document).join("---\n"));
  for (const { kind, metadata } of platform) if (kind === "Namespace") await mkdir(join(path, metadata.name));
  const fileOf = (index: number) => {
    const { metadata } = routeObject(shape, index);
    return join(path, metadata.namespace ?? "", `${metadata.name}.yaml`);
  };
  for (let index = 0; index < routes; index++) await writeFile(fileOf(index), document(routeObject(shape, index)));
  return {
    path,
    edit: async (index, revision) => {
      const aside = `${fileOf(index)}.new`;
      await writeFile(aside, document(routeObject(shape, index, revision)));
      await rename(aside, fileOf(index));
    },
    remove: () => rm(path, { recursive: true }),
  };
}

/** JSON is YAML. The API server sets the generation, and so does the file source. */
function document({ metadata: { generation, ...metadata }, ...object }: BenchObject): string {
  return `${JSON.stringify({ ...object, metadata })}\n`;
}
