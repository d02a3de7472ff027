/** Envoy before this minor version asks for scopes only while it starts: listeners that come later would find none. */
const firstWithScopes = 38;

/** Whether proxies of an image take tables that are cut by hostname; true where its tag does not tell a version. */
export function takesScopes(image: string | undefined): boolean {
  const minor = /:(?:[a-z]+-)*v?1\.([0-9]{1,3})(?![0-9])[^:/]*$/.exec(image ?? "")?.[1];
  return minor === undefined || Number(minor) >= firstWithScopes;
}
