/**
 * Whether one version of an object is older than another. Versions are decimal numbers that only grow; where one is not,
 * nothing is known of their order. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function isOlder(version: string, than: string): boolean {
  if (!decimal.test(version) || !decimal.test(than)) return false;
  return version.length !== than.length ? version.length < than.length : version < than;
}

const decimal = /^[1-9]\d*$/;
