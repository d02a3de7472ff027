import { expect, it } from "vitest";
import type { KeyedObjects } from "./environment.ts";
import type { Pod, VolumeSpec } from "./pod.ts";
import { hasPayload, tokensOf, volumePayload } from "./volume-payload.ts";

const pod: Pod = { metadata: { name: "p", namespace: "team", labels: { b: "2", a: "1" } }, spec: { containers: [] } };
const objects: KeyedObjects = {
  secret: (_, name) =>
    name === "tls"
      ? new Map([
          ["tls.crt", Buffer.from("certificate")],
          ["tls.key", Buffer.from("key")],
        ])
      : undefined,
  configMap: (_, name) => (name === "conf" ? new Map([["a", Buffer.from("1")]]) : undefined),
};
const place = { podAddress: "10.244.1.1", nodeAddress: "10.244.0.1", nodeName: "bed" };

function payload(volume: Omit<VolumeSpec, "name">, token?: string): Record<string, string> | string {
  const result = volumePayload({ name: "v", ...volume }, { pod, place, objects, token: () => token });
  if (result.kind === "missing") return result.message;
  const modes = [...result.files].map(([path, { bytes, mode }]) => [path, `${mode.toString(8)} ${bytes}`] as const);
  return Object.fromEntries(modes);
}

it("every key is a file when no items are named", () => {
  expect(payload({ secret: { secretName: "tls" } })).toEqual({ "tls.crt": "644 certificate", "tls.key": "644 key" });
});

it("items choose keys, paths and modes", () => {
  const items = [
    { key: "tls.crt", path: "certs/server.pem" },
    { key: "tls.key", path: "key.pem", mode: 0o400 },
  ];
  expect(payload({ secret: { secretName: "tls", defaultMode: 0o440, items } })).toEqual({
    "certs/server.pem": "440 certificate",
    "key.pem": "400 key",
  });
});

it.each([
  { name: "a Secret", volume: { secret: { secretName: "none" } }, want: 'secret "none" not found' },
  { name: "a ConfigMap", volume: { configMap: { name: "none" } }, want: 'configmap "none" not found' },
  {
    name: "a key",
    volume: { configMap: { name: "conf", items: [{ key: "x", path: "x" }] } },
    want: "references non-existent key x of conf",
  },
])("$name that is missing is told", ({ volume, want }) => {
  expect(payload(volume)).toBe(want);
});

it("what is optional and missing makes an empty volume", () => {
  expect(payload({ secret: { secretName: "none", optional: true } })).toEqual({});
  expect(payload({ configMap: { name: "conf", optional: true, items: [{ key: "x", path: "x" }] } })).toEqual({});
});

it("a projected volume holds the files of all of its sources", () => {
  const sources = [
    { serviceAccountToken: { path: "token", audience: "x" } },
    { configMap: { name: "conf", items: [{ key: "a", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }] } },
    { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
  ];
  expect(payload({ projected: { sources, defaultMode: 0o600 } }, "t0ken")).toEqual({
    token: "600 t0ken",
    "ca.crt": "600 1",
    namespace: "600 team",
    labels: '600 a="1"\nb="2"\n',
  });
  expect(payload({ projected: { sources } })).toBe("no token for token yet");
  expect(tokensOf({ name: "v", projected: { sources } })).toEqual([{ path: "token", audience: "x" }]);
});

it("an emptyDir has no files of the agent's", () => {
  expect(hasPayload({ name: "v", emptyDir: {} })).toBe(false);
  expect(hasPayload({ name: "v", projected: {} })).toBe(true);
});
