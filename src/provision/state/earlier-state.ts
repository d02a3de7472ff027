import type { RawObject } from "../../core/kube-client.ts";
import { isOlder } from "../../core/resource-version.ts";

/** Whether an object is an earlier state of one that is known: the answer to a write of ours overtakes the watch. */
export function isEarlierState(object: RawObject, known: RawObject): boolean {
  if (object.metadata.uid !== known.metadata.uid) return false;
  return isOlder(object.metadata.resourceVersion ?? "", known.metadata.resourceVersion ?? "");
}
