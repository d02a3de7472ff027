import type { RawObject } from "../../core/kube-client.ts";
import { listAt, textAt } from "./raw-fields.ts";

/** The addresses of the nodes of a cluster at which NodePort Services answer, sorted. */
export function nodeAddresses(nodes: Iterable<RawObject>): readonly string[] {
  const present = [...nodes].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ready = present.filter(isReady);
  // That no node is Ready says more about who watches the nodes than about each of them.
  const usable = ready.length > 0 ? ready : present;
  return [...new Set(usable.flatMap(addressesOf))].toSorted();
}

/** What is kept of a node: its object also lists every image that it holds. */
export function nodeFacts({ metadata, status }: RawObject): RawObject {
  const { name, deletionTimestamp } = metadata;
  const facts = { addresses: listAt(status, "addresses"), conditions: listAt(status, "conditions") };
  return { metadata: { name, ...(deletionTimestamp !== undefined && { deletionTimestamp }) }, status: facts };
}

function isReady(node: RawObject): boolean {
  const ready = listAt(node, "status", "conditions").find((one) => textAt(one, "type") === "Ready");
  return textAt(ready, "status") === "True";
}

function addressesOf(node: RawObject): readonly string[] {
  const ofType = (type: string) =>
    listAt(node, "status", "addresses")
      .filter((one) => textAt(one, "type") === type)
      .flatMap((one) => textAt(one, "address") ?? []);
  const external = ofType("ExternalIP");
  return external.length > 0 ? external : ofType("InternalIP");
}
