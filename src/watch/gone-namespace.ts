import { resourcePath } from "../core/kube-client.ts";
import type { KubeApi } from "./kube-api.ts";

/** Whether a namespace is not there: with it, its RoleBindings have gone, and a list is forbidden that would be empty. */
export async function isNamespaceGone(api: KubeApi, name: string): Promise<boolean> {
  const path = resourcePath({ group: "", version: "v1", plural: "namespaces" }, { name });
  const result = await api.request<unknown>({ method: "GET", path });
  return result.kind === "failed" && result.status === 404;
}
