import { stringify } from "yaml";
import type { dataFormats } from "./command-io.ts";

/** Prints plain data as JSON or as one YAML document. */
export function printData(data: unknown, format: (typeof dataFormats)[number]): string {
  return format === "json"
    ? `${JSON.stringify(data, undefined, 2)}\n`
    : stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
}
