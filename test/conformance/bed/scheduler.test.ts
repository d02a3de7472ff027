import { expect, it } from "vitest";
import { nodeTakes, type SchedulableNode, type UnboundPod } from "./scheduler.ts";

const node: SchedulableNode = { metadata: { name: "bed", labels: { "kubernetes.io/os": "linux", disk: "ssd" } } };
const tainted: SchedulableNode = {
  ...node,
  spec: { taints: [{ key: "edge", value: "yes", effect: "NoSchedule" }] },
};

function pod(spec: UnboundPod["spec"]): UnboundPod {
  return { metadata: { name: "p" }, spec };
}

it.each<[string, SchedulableNode, UnboundPod["spec"], boolean]>([
  ["a pod that asks for nothing", node, {}, true],
  ["a pod whose selector holds", node, { nodeSelector: { disk: "ssd" } }, true],
  ["no pod whose selector asks for another value", node, { nodeSelector: { disk: "hdd" } }, false],
  ["no pod whose selector asks for an inherited name", node, { nodeSelector: { constructor: "x" } }, false],
  ["no pod while it is cordoned", { ...node, spec: { unschedulable: true } }, {}, false],
  ["no pod that does not tolerate its taint", tainted, {}, false],
  ["a pod that tolerates everything", tainted, { tolerations: [{ operator: "Exists" }] }, true],
  ["a pod that tolerates the taint's value", tainted, { tolerations: [{ key: "edge", value: "yes" }] }, true],
  ["no pod that tolerates another value", tainted, { tolerations: [{ key: "edge", value: "no" }] }, false],
  [
    "no pod that tolerates another effect",
    tainted,
    { tolerations: [{ key: "edge", operator: "Exists", effect: "NoExecute" }] },
    false,
  ],
  [
    "a pod where its taint is only a wish",
    { ...node, spec: { taints: [{ key: "x", effect: "PreferNoSchedule" }] } },
    {},
    true,
  ],
])("a node takes %s", (_name, candidate, spec, want) => {
  expect(nodeTakes(candidate, pod(spec))).toBe(want);
});
