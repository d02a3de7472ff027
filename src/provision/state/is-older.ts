import type { RawObject } from "../../core/kube-client.ts";

/**
 * Whether an object is an earlier state of one that is known: the answer to a write of ours overtakes the watch. Versions
 * are decimal numbers that grow.
 */
export function isOlder(object: RawObject, known: RawObject): boolean {
  if (object.metadata.uid !== known.metadata.uid) return false;
  const [a = "", b = ""] = [object.metadata.resourceVersion, known.metadata.resourceVersion];
  if (!/^[0-9]+$/.test(a) || !/^[0-9]+$/.test(b)) return false;
  return BigInt(a) < BigInt(b);
}
