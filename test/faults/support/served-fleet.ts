import type { NamespacedName } from "../../../src/core/keys.ts";
import { resourceTypes } from "../../../src/core/xds-resource.ts";
import type { ResourceTable } from "../../../src/xds/resource-table.ts";
import type { TestServer } from "../../xds/test-server.ts";

/** Whether so many proxies of a fleet hold all that its table has, and nothing else, in the versions that it has. */
export function everyProxyHolds(
  server: TestServer,
  {
    table,
    fleet,
    proxies,
  }: { readonly table: ResourceTable; readonly fleet: NamespacedName; readonly proxies: number },
): boolean {
  const streams = server.streams();
  if (streams.length !== proxies) return false;
  const isCurrent = resourceTypes.every((type) =>
    [...table.entries(fleet, type)].every(([name, { resource }]) =>
      server.held(fleet, type, name).every((version) => version === resource.version),
    ),
  );
  return isCurrent && streams.every(({ types }) => hasNothingElse(types, { table, fleet }));
}

function hasNothingElse(
  types: ReturnType<TestServer["streams"]>[number]["types"],
  { table, fleet }: { readonly table: ResourceTable; readonly fleet: NamespacedName },
): boolean {
  const have = new Map(types.map(({ type, inFlight, acknowledged }) => [type, inFlight ? -1 : acknowledged]));
  return resourceTypes.every((type) => (have.get(type) ?? 0) === table.entries(fleet, type).size);
}
