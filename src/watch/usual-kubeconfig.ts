import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What people are told who have none. The client library would ask an API server at localhost:8080 instead. */
export const noKubeconfig =
  "no kubeconfig: neither --kubeconfig nor KUBECONFIG names one, and there is no ~/.kube/config";

/** Whether there is a kubeconfig where programs look for one that nobody names. */
export function hasUsualKubeconfig(environment: Readonly<Record<string, string | undefined>>): boolean {
  if (environment["KUBECONFIG"]) return true;
  return existsSync(join(environment["HOME"] || homedir(), ".kube/config"));
}
