/** The minor versions of Envoy that are tested against every input; the newest is the one that the images have. */
export const supportedEnvoyMinors: readonly string[] = ["1.37", "1.38", "1.39", "1.40"];

/** Says why a proxy's version, as it tells it, is not a supported one; undefined when it is, or when none is told. */
export function envoyVersionProblem(version: string): string | undefined {
  const minor = version.split(".").slice(0, 2).join(".");
  if (version === "" || supportedEnvoyMinors.includes(minor)) return undefined;
  const [oldest] = supportedEnvoyMinors;
  return `Envoy ${version.slice(0, 32)} is not supported: supported are ${oldest} to ${supportedEnvoyMinors.at(-1)}`;
}

/** Tells what is wrong with a proxy's version, where something is. */
export function ifUnsupported(version: string, tell: (problem: string) => void): void {
  const problem = envoyVersionProblem(version);
  if (problem !== undefined) tell(problem);
}
