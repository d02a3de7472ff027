import { expect, it } from "vitest";
import { gatewayResourceKey, namespacedName } from "../core/keys.ts";
import type { ResourceType, XdsResource } from "../core/xds-resource.ts";
import { ResourceTable } from "../xds/resource-table.ts";
import { placeOfHost } from "./host-place.ts";

const gateway = namespacedName("infra", "edge");

interface Case {
  readonly name: string;
  /** `type name`, with `lingers` behind what is there for old connections. */
  readonly resources: readonly string[];
  readonly host: string;
  readonly want: string;
}

it.each<Case>([
  { name: "the table that it shares", resources: ["route http-80"], host: "a.com", want: "http-80" },
  {
    name: "its own where the table is cut, with its scope",
    resources: ["route http-80/a.com", "scope http-80/a.com", "route http-80/*", "scope http-80/*"],
    host: "a.com",
    want: "http-80/a.com by http-80/a.com",
  },
  {
    name: "the fallback for a wildcard of a table that is cut",
    resources: ["route http-80/a.com", "scope http-80/a.com", "route http-80/*", "scope http-80/*"],
    host: "*.b.com",
    want: "http-80/* by http-80/*",
  },
  {
    name: "the fallback, though the shared one of before is there still",
    resources: ["route http-80 lingers", "route http-80/*", "scope http-80/*"],
    host: "*.b.com",
    want: "http-80/* by http-80/*",
  },
  {
    name: "the shared one, though an own one of before is there still",
    resources: ["route http-80", "route http-80/a.com lingers", "scope http-80/a.com lingers"],
    host: "a.com",
    want: "http-80",
  },
  { name: "the shared one where there is none at all", resources: [], host: "a.com", want: "http-80 absent" },
])("finds $name", ({ resources, host, want }) => {
  const table = new ResourceTable();
  table.addFleet(gateway);
  for (const text of resources) {
    const [word, name = "", lingers] = text.split(" ");
    const type = word as ResourceType; // the tests write it
    const resource: XdsResource = {
      ...{ type, name, version: "1", bytes: new Uint8Array() },
      ...(lingers !== undefined && { lingers: true as const }),
    };
    table.update(gateway, [{ type, name, resource }]);
  }
  const { name, version, scope } = placeOfHost(table, gatewayResourceKey(gateway, `http-80/${host}`));
  expect(`${name}${version === undefined ? " absent" : ""}${scope === undefined ? "" : ` by ${scope}`}`).toBe(want);
});
