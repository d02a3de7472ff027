import { type Finding, findingKinds } from "../../core/finding.ts";
import type { PipelineOptions } from "../../translate/pipeline.ts";
import type { World, WorldProblem } from "../world/world.ts";
import { settle, worldTranslator } from "../world/world-translator.ts";
import { expiringCertificates } from "./certificates.ts";
import { foreignEndpoints } from "./foreign-endpoints.ts";
import { unusedClaims, unusedRecords } from "./hostname-claims.ts";
import type { LintRule, LintWorld } from "./lint-world.ts";
import { openListeners, ownershipOff } from "./listeners.ts";
import { unusedGrants } from "./reference-grants.ts";
import { catchAllRoutes, refusedObjects } from "./routes.ts";
import { unreachableRules } from "./unreachable-rules.ts";

const rules: readonly LintRule[] = [
  openListeners,
  unusedGrants,
  unreachableRules,
  unusedClaims,
  unusedRecords,
  foreignEndpoints,
  expiringCertificates,
  ownershipOff,
  catchAllRoutes,
  refusedObjects,
];

export interface LintOptions extends PipelineOptions {
  /** What certificates are judged by, in milliseconds since the epoch. */
  readonly now: number;
}

/** Finds what is worth a look, in the order of files, lines, objects and codes. Throws only for a fault of ours. */
export async function lint(world: World, options: LintOptions): Promise<readonly Finding[]> {
  const inputs = await lintWorld(world, options);
  const places = new Map(world.objects.map(({ key, place }) => [key, place]));
  const found = rules
    .flatMap((rule) => rule(inputs))
    .map(({ code, object, message }): Finding => {
      const { severity, advice } = findingKinds[code];
      const place = places.get(object);
      return { code, severity, object, ...(place && { place }), message, advice };
    });
  return [...found, ...world.problems.filter(({ ignored }) => !ignored).map(invalidManifest)].sort(byPlace);
}

async function lintWorld({ objects }: World, { now, ...options }: LintOptions): Promise<LintWorld> {
  const translator = worldTranslator(objects, options);
  const changes = await settle(translator);
  return {
    objects,
    routing: translator.routing,
    wanted: new Set([...translator.claims.entries()].map(([key]) => key)),
    statuses: new Map([...changes.statuses].flatMap(([key, status]) => (status === undefined ? [] : [[key, status]]))),
    now,
  };
}

function invalidManifest({ file, document, line, path, object, message }: WorldProblem): Finding {
  const { severity, advice } = findingKinds.GH0014;
  const where = [object, path].filter((part) => part !== undefined).join(" ");
  const place = { file, ...(document !== undefined && { document }), ...(line !== undefined && { line }) };
  return { code: "GH0014", severity, place, message: where === "" ? message : `${where} ${message}`, advice };
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.place?.file ?? "", b.place?.file ?? "") ||
    (a.place?.line ?? 0) - (b.place?.line ?? 0) ||
    compare(a.object ?? "", b.object ?? "") ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
