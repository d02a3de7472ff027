import { objectKey } from "../../core/keys.ts";
import type { GatewayNode, Listener } from "../../translate/nodes.ts";
import { objectsOfKind } from "../world/world.ts";
import type { LintRule, LintWorld, RuleFinding } from "./lint-world.ts";

/** Finds listeners on which whoever may create a route may ask for any hostname. */
export const openListeners: LintRule = ({ routing }) =>
  nodesOf(routing).flatMap(({ listeners }) =>
    listeners
      .filter(({ hostname, allowedNamespaces }) => hostname === "" && allowedNamespaces.from === "All")
      .map(
        ({ parent, name }): RuleFinding => ({
          code: "GH0001",
          object: parent,
          message: `listener ${name} admits routes of all namespaces and has no hostname: whoever may create a route may ask for any`,
        }),
      ),
  );

/** Finds Gateways that several namespaces share without their hostnames being kept apart. */
export const ownershipOff: LintRule = ({ objects, routing }) => {
  const open = new Set(
    objectsOfKind(objects, "Gateway")
      .filter(({ object }) => (object.spec.allowedListeners?.namespaces.from ?? "None") !== "None")
      .map(({ key }) => key),
  );
  return nodesOf(routing)
    .map((node) => ({ node, object: objectKey("Gateway", node.key) }))
    .filter(({ node, object }) => node.ownership.mode === "Off" && (open.has(object) || node.listeners.some(isShared)))
    .map(({ object }) => ({
      code: "GH0009",
      object,
      message:
        "other namespaces may attach to it, and its ownership mode is Off: any of them may take another's hostname",
    }));
};

/** Whether routes of several namespaces may meet on a listener. */
export function isShared({ allowedNamespaces }: Pick<Listener, "allowedNamespaces">): boolean {
  return allowedNamespaces.from === "All" || allowedNamespaces.from === "Selector";
}

function nodesOf({ gateways }: LintWorld["routing"]): readonly GatewayNode[] {
  return [...gateways.entries()].map(([, node]) => node);
}
