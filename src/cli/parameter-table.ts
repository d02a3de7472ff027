import { textTable } from "./text-table.ts";

/** What is read of a fleet as the debug endpoint tells it. */
export interface ShownFleet {
  readonly gateway: string;
  readonly spec: {
    readonly frozen: boolean;
    readonly parameters: Readonly<Record<string, unknown>> & {
      readonly origins: readonly { readonly field: string; readonly from: string }[];
    };
  };
  readonly state?: { readonly readyReplicas: number };
}

/** The parameters that count for a Gateway's proxies, with the place that each comes from. */
export function parameterTable({ spec, state }: ShownFleet): string {
  const { origins, ...parameters } = spec.parameters;
  const rows = origins.map(({ field, from }) => [`  ${field}`, textOf(valueAt(parameters, field)), from]);
  const ready = state === undefined ? "unknown" : String(state.readyReplicas);
  const frozen = spec.frozen ? "; left as they were, because the Gateway is not accepted" : "";
  return `Proxies: ${ready} ready${frozen}\n${textTable(["  PARAMETER", "VALUE", "FROM"], rows)}`;
}

function valueAt(value: unknown, path: string): unknown {
  const [key = "", ...rest] = path.split(".");
  const inner =
    typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
  return rest.length === 0 ? inner : valueAt(inner, rest.join("."));
}

function textOf(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}
