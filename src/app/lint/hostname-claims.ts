import type { HttpPathMatch } from "../../core/gateway-api.ts";
import { type Hostname, intersectHostnames } from "../../core/hostname.ts";
import { parseObjectKey } from "../../core/keys.ts";
import { holdingOf } from "../../core/ownership.ts";
import { choosesNamespace, grantsOf, type HostnameGrant } from "../../translate/ownership/hostname-grants.ts";
import { reachesBelow } from "../../translate/ownership/path-cover.ts";
import { objectsOfKind } from "../world/world.ts";
import type { LintRule, LintWorld } from "./lint-world.ts";

/** Finds claims that grant what nobody of those to whom it is granted has. */
export const unusedClaims: LintRule = ({ objects, routing }) => {
  const labels = new Map(
    objectsOfKind(objects, "Namespace").map(({ name, object }) => [name as string, object.metadata.labels ?? {}]),
  );
  const used = usedHostnames(routing);
  return objectsOfKind(objects, "HostnameClaim").flatMap(({ key, object }) => {
    const { hostname, namespaces } = object.spec;
    const granted = [...labels.keys()].filter((name) => choosesNamespace(namespaces, name, (own) => labels.get(own)));
    if (granted.length === 0)
      return [{ code: "GH0004", object: key, message: `it grants ${hostname} to namespaces that do not exist` }];
    const grants = grantsOf(object);
    const isUsed = granted.some((namespace) =>
      (used.get(namespace) ?? []).some((use) => grants.some((grant) => isUse(use, grant))),
    );
    if (isUsed) return [];
    const path = grants.find((grant) => grant.path !== undefined)?.path;
    const [what, missing] =
      path === undefined ? [hostname, "a hostname"] : [`${path} of ${hostname}`, "a hostname and a path"];
    const message = `no route or ListenerSet of the namespaces to which it grants ${what} has ${missing} there`;
    return [{ code: "GH0004", object: key, message }];
  });
};

/** Finds records of what is not in use. */
export const unusedRecords: LintRule = ({ objects, wanted }) =>
  objectsOfKind(objects, "HostnameRecord")
    .map(({ key, object }) => ({ key, holding: holdingOf(object) }))
    .filter(({ holding }) => !wanted.has(holding.key))
    .map(({ key, holding: { hostname, path, namespace } }) => {
      const what = `${hostname || "every hostname"}${path === undefined ? "" : ` with ${path.type} path ${path.value}`}`;
      return {
        code: "GH0005",
        object: key,
        message: `it keeps ${what} for namespace ${namespace}, where nothing uses it`,
      };
    });

/** A hostname that a namespace answers; without paths it is a listener's, under which any may come. */
interface UsedHostname {
  readonly namespace: string;
  readonly hostname: Hostname;
  readonly paths?: readonly HttpPathMatch[];
}

/** What is written in the routes and ListenerSets of each namespace and attached. */
function usedHostnames({ routes, gateways }: LintWorld["routing"]): ReadonlyMap<string, readonly UsedHostname[]> {
  const ofRoutes = [...routes.entries()].flatMap(([, { namespace, parents, rules }]): readonly UsedHostname[] => {
    const paths = rules.flatMap(({ matches }) => matches.map(({ path }) => path));
    return parents
      .flatMap(({ attachments }) => attachments.flatMap(({ hosts }) => hosts))
      .filter(({ written }) => written !== "")
      .map(({ hostname }) => ({ namespace, hostname, paths }));
  });
  const ofSets = [...gateways.entries()].flatMap(([, { listeners }]): readonly UsedHostname[] =>
    listeners
      .filter(({ parent, hostname }) => parseObjectKey(parent).kind === "ListenerSet" && hostname !== "")
      .map(({ namespace, hostname }) => ({ namespace, hostname })),
  );
  return Map.groupBy([...ofRoutes, ...ofSets], ({ namespace }) => namespace);
}

function isUse({ hostname, paths }: UsedHostname, { pattern, path }: HostnameGrant): boolean {
  if (intersectHostnames(pattern, hostname) === undefined) return false;
  return path === undefined || paths === undefined || paths.some((match) => reachesBelow(match, path));
}
