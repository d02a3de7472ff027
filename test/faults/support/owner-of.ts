import { rulePaths, type Tenant } from "./neighbours.ts";

/**
 * The rule that has a host and a path, `<namespace>/<route>/<place>`, from nothing but their words: neither the model nor the
 * proxy is asked. Undefined where nobody has them.
 */
export function ownerOf(host: string, path: string): string | undefined {
  const name = host
    .toLowerCase()
    .replace(/:[0-9]+$/, "")
    .replace(/\.$/, "");
  const holders = holdersOf(name);
  for (const [tenant, route] of holders) {
    const place = placeOf(tenant, path);
    // A regular expression could take everything: on hostnames that are shared by path nobody has one.
    if (place !== undefined && (route !== "shared" || place < 2)) return `${tenant}/${route}/${place}`;
  }
  return undefined;
}

function holdersOf(name: string): readonly (readonly [Tenant, string])[] {
  if (name === "shop.test") return [["shop", "own"]];
  if (name === "bank.test") return [["bank", "own"]];
  if (name === "bank.wild.test") return [["bank", "below"]];
  if (name.endsWith(".wild.test")) return [["shop", "wild"]];
  return [
    ["shop", "shared"],
    ["bank", "shared"],
  ];
}

function placeOf(tenant: Tenant, path: string): number | undefined {
  const { exact, prefix, regex } = rulePaths;
  if (path === exact[tenant]) return 0;
  if (path === prefix[tenant] || path.startsWith(`${prefix[tenant]}/`)) return 1;
  return new RegExp(`^${regex[tenant]}$`).test(path) ? 2 : undefined;
}
