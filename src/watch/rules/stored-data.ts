import type { ConfigMap, Secret } from "../../core/kubernetes.ts";
import { rulesFor } from "./rule.ts";

/** How the fields of Secrets and ConfigMaps fit together. None of the messages holds a value. */
export const storedDataRules = [
  ...rulesFor<Secret>(
    "Secret",
    [""],
    [
      {
        name: "the values of a Secret's data are base64",
        check: ({ data }) => notBase64("data", data),
      },
      {
        name: "a Secret is at most 1 MiB",
        check: ({ data = {} }) =>
          tooLarge(Object.values(data).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0)),
      },
      {
        name: "a TLS Secret has its two entries",
        check: ({ type, data = {} }) => {
          const missing =
            type === "kubernetes.io/tls" ? ["tls.crt", "tls.key"].find((key) => data[key] === undefined) : undefined;
          return missing && `must have data["${missing}"] when its type is kubernetes.io/tls`;
        },
      },
      { name: "keys of a Secret are no directories", check: ({ data }) => directoryKey(data) },
    ],
  ),
  ...rulesFor<ConfigMap>(
    "ConfigMap",
    [""],
    [
      {
        name: "the values of a ConfigMap's binaryData are base64",
        check: ({ binaryData }) => notBase64("binaryData", binaryData),
      },
      {
        name: "a ConfigMap is at most 1 MiB",
        check: ({ data = {}, binaryData = {} }) =>
          tooLarge(
            Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0) +
              Object.values(binaryData).reduce((sum, value) => sum + Math.floor((value.length * 3) / 4), 0),
          ),
      },
      {
        name: "a key stands in data or in binaryData",
        check: ({ data = {}, binaryData = {} }) => {
          const both = Object.keys(data).find((key) => Object.hasOwn(binaryData, key));
          return both && `has the key ${both} in both data and binaryData`;
        },
      },
      { name: "keys of a ConfigMap are no directories", check: ({ data }) => directoryKey(data) },
    ],
  ),
] as const;

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const largest = 1024 * 1024;

type Entries = Readonly<Record<string, string>>;

function notBase64(field: string, entries: Entries = {}): string | undefined {
  const key = Object.keys(entries).find((name) => !base64.test(entries[name] ?? ""));
  return key === undefined ? undefined : `has a value in ${field}["${key}"] that is not base64`;
}

function tooLarge(bytes: number): string | undefined {
  return bytes > largest ? `must hold at most 1 MiB (holds ${bytes} bytes)` : undefined;
}

function directoryKey(entries: Entries = {}): string | undefined {
  const key = Object.keys(entries).find((name) => name === "." || name.startsWith(".."));
  return key === undefined ? undefined : `must not have a key named '.' or beginning with '..'`;
}
