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
  const { origins, ...fields } = spec.parameters;
  const parameters = asWritten(fields);
  const rows = origins.map(({ field, from }) => [`  ${field}`, textOf(valueAt(parameters, pathOf(field))), from]);
  const ready = state === undefined ? "unknown" : String(state.readyReplicas);
  const frozen = spec.frozen ? "; left as they were, because the Gateway is not accepted" : "";
  return `Proxies: ${ready} ready${frozen}\n${textTable(["  PARAMETER", "VALUE", "FROM"], rows)}`;
}

/** Under the names that GatewayParameters has for them. */
function asWritten(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { ...fields, labels: fields["podLabels"], proxies: fields["managed"] === false ? "Unmanaged" : "Managed" };
}

/** `service.annotations[example.com/pool]` has three parts: a key in brackets may have dots. */
function pathOf(field: string): readonly string[] {
  const bracket = field.indexOf("[");
  return bracket === -1 ? field.split(".") : [...field.slice(0, bracket).split("."), field.slice(bracket + 1, -1)];
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const inner =
    typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, key)?.value : undefined;
  return valueAt(inner, rest);
}

function textOf(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}
