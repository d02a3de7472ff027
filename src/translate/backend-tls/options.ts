/** The `options` of a BackendTLSPolicy that are ours. */
import type { Rejection } from "../../core/conditions.ts";
import type { TlsVersion } from "../../core/gateway-parameters.ts";
import type { PolicyPart } from "./policy.ts";

/** The least version that is spoken to a backend: `1.2` unless it says `1.3`. */
export const minimumVersionOption = "gatehouse.dev/minimum-version";

/** Reads the options. Keys of others are theirs; one of ours that is not known is refused, as it was meant to make safer. */
export function readMinimumVersion(options: Readonly<Record<string, string>> = {}): PolicyPart<TlsVersion> {
  const unknown = Object.keys(options)
    .filter((key) => key.startsWith("gatehouse.dev/") && key !== minimumVersionOption)
    .sort();
  const version = Object.hasOwn(options, minimumVersionOption) ? options[minimumVersionOption] : "1.2";
  const rejections: Rejection[] = unknown.map((key) => invalid(`options: ${key} is not known`));
  if (version !== "1.2" && version !== "1.3") {
    rejections.push(invalid(`options: ${minimumVersionOption} is neither "1.2" nor "1.3"`));
    return { rejections };
  }
  return rejections.length > 0 ? { rejections } : { value: version, rejections };
}

function invalid(message: string): Rejection {
  return { condition: "Accepted", reason: "Invalid", message };
}
