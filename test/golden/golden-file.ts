import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Document, isCollection, isScalar, parse, visit } from "yaml";
import type { ManifestTranslation } from "../../src/app/translate-manifests.ts";
import type { ClusterFacts, FleetState } from "../../src/core/fleet.ts";
import type { ManifestText } from "../../src/watch/manifests.ts";
import type { GoldenRequest } from "./requests.ts";

/** One file: manifests, what is asked of a proxy that serves them, and what they are translated to. */
export interface GoldenCase {
  /** `<area>/<case>`. */
  readonly name: string;
  readonly path: string;
  /** Everything before the output, as it is written. */
  readonly head: string;
  /** The folder's shared manifests and the file's own. */
  readonly manifests: readonly ManifestText[];
  readonly requests: readonly GoldenRequest[];
  /** What the cluster says, where proxies run in one; absent where they run beside the control plane. */
  readonly cluster?: GoldenCluster;
  /** The output that is expected; empty in a new file. */
  readonly output: string;
}

/** The part of a file that makes it a case of a cluster. */
export interface GoldenCluster {
  readonly facts?: ClusterFacts;
  /** By Gateway, namespace/name. */
  readonly fleets?: Readonly<Record<string, FleetState>>;
}

/** Reads all cases below this folder. `GOLDEN_TEST` names the only one to run. */
export function readGoldenCases(only = process.env["GOLDEN_TEST"]): readonly GoldenCase[] {
  const areas = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const cases = areas.flatMap(({ name: area }) =>
    readdirSync(join(folder, area))
      .filter((file) => file.endsWith(".yaml") && !file.startsWith("_"))
      .map((file) => readGoldenCase(area, file.slice(0, -".yaml".length))),
  );
  return cases.filter(({ name }) => only === undefined || name === only || name.endsWith(`/${only}`));
}

/** Writes what manifests are translated to. Short things stand on one line. Fleets are for those who run them. */
export function renderOutput(
  { gateways, statuses, fleets, problems }: ManifestTranslation,
  { cluster }: Pick<GoldenCase, "cluster">,
): string {
  const byGateway = gateways.map(({ gateway, resources }) => {
    const byType = Map.groupBy(resources, ({ type }) => type);
    const types = [...byType].map(
      ([type, group]) => [type, new Map(group.map(({ name, resource }) => [name, resource]))] as const,
    );
    return [gateway, new Map(types)] as const;
  });
  const output = {
    resources: new Map(byGateway),
    ...(cluster && { fleets }),
    statuses,
    ...(problems.length > 0 && { problems }),
  };
  const document = new Document(output, { aliasDuplicateObjects: false });
  visit(document, {
    Collection: (_key, node) => {
      const flat = node.items.every((item) => isScalar(item));
      if (flat || JSON.stringify(node).length <= 150) node.flow = true;
      return undefined;
    },
    Pair: (_key, pair) => {
      // A collection that stands on one line needs its key on that line too.
      if (isCollection(pair.value) && JSON.stringify(pair.value).length <= 150) pair.value.flow = true;
      return undefined;
    },
  });
  return document.toString({ lineWidth: 180 });
}

/** The text of a case with this output. */
export function renderCase({ head }: GoldenCase, output: string): string {
  return `${head}${outputMark}${output}`;
}

const folder = fileURLToPath(new URL(".", import.meta.url));
const clusterMark = "---\n# Cluster\n";
const requestMark = "---\n# Requests\n";
const outputMark = "---\n# Output\n";

function readGoldenCase(area: string, name: string): GoldenCase {
  const path = join(folder, area, `${name}.yaml`);
  const [head = "", output = ""] = divide(readFileSync(path, "utf8"), outputMark);
  const [world = "", requests = ""] = divide(head, requestMark);
  const [text = "", cluster] = divide(world, clusterMark);
  const defaults = { path: "_defaults.yaml", text: readFileSync(join(folder, area, "_defaults.yaml"), "utf8") };
  return {
    name: `${area}/${name}`,
    path,
    head,
    manifests: [defaults, { path: `${name}.yaml`, text }],
    // The table of requests is written by hand for this type; a wrong one fails its test.
    requests: (parse(requests) ?? []) as readonly GoldenRequest[],
    // So is what the cluster says.
    ...(cluster !== undefined && { cluster: (parse(cluster) ?? {}) as GoldenCluster }),
    output,
  };
}

function divide(text: string, mark: string): readonly string[] {
  const at = text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`) + 1;
  return at === 0 && !text.startsWith(mark) ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}
