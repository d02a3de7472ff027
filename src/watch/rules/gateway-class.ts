import { rulesFor } from "./rule.ts";

/** How the fields of a GatewayClass fit together. */
export const gatewayClassRules = rulesFor<string>(
  "GatewayClass",
  ["spec.controllerName"],
  [
    {
      name: "controllerName is immutable",
      cel: "f4f4adcfb233",
      aboutChange: true,
      check: (value, previous) =>
        previous === undefined || previous === value
          ? undefined
          : "cannot change; delete the GatewayClass and create it again",
    },
  ],
);
