import { expect, it } from "vitest";
import type { PodPlace } from "./downward.ts";
import { buildEnvironment, expandVariables, type KeyedObjects } from "./environment.ts";
import type { ContainerSpec, Pod } from "./pod.ts";

const place: PodPlace = { podAddress: "10.244.1.7", nodeAddress: "10.244.0.1", nodeName: "bed" };
const objects: KeyedObjects = {
  secret: (_, name) => (name === "login" ? new Map([["password", Buffer.from("s3cret")]]) : undefined),
  configMap: (_, name) => (name === "settings" ? new Map([["LEVEL", Buffer.from("debug")]]) : undefined),
};

function podWith(fields: Partial<ContainerSpec>): { readonly pod: Pod; readonly container: ContainerSpec } {
  const container: ContainerSpec = { name: "main", image: "image", ...fields };
  const metadata = {
    name: "web-1",
    namespace: "team",
    uid: "u1",
    labels: { app: "web" },
    annotations: { note: 'a "b"' },
  };
  return { container, pod: { metadata, spec: { containers: [container], serviceAccountName: "robot" } } };
}

function variables(fields: Partial<ContainerSpec>): Record<string, string> | string {
  const result = buildEnvironment({ ...podWith(fields), place, objects, base: { HOME: "/root" } });
  return result.kind === "ok" ? Object.fromEntries(result.environment) : result.message;
}

it.each([
  { name: "a variable", text: "x-$(A)-y", want: "x-1-y" },
  { name: "an unknown variable stays as it is", text: "$(NONE)", want: "$(NONE)" },
  { name: "two dollar signs are one, and no reference", text: "$$(A)", want: "$(A)" },
  { name: "three are a dollar sign and a reference", text: "$$$(A)", want: "$1" },
  { name: "a lone dollar sign is itself", text: "5$ $A", want: "5$ $A" },
  { name: "values are not expanded again", text: "$(B)", want: "$(A)" },
])("expands $name", ({ text, want }) => {
  const environment = new Map([
    ["A", "1"],
    ["B", "$(A)"],
  ]);
  expect(expandVariables(text, environment)).toBe(want);
});

it("a variable sees those before it in the list, and not those behind it", () => {
  const env = [
    { name: "FIRST", value: "1" },
    { name: "SECOND", value: "$(FIRST)$(THIRD)" },
    { name: "THIRD", value: "3" },
  ];
  expect(variables({ env })).toMatchObject({ SECOND: "1$(THIRD)" });
});

it.each([
  ["metadata.name", "web-1"],
  ["metadata.namespace", "team"],
  ["metadata.uid", "u1"],
  ["metadata.labels['app']", "web"],
  ["metadata.labels['none']", ""],
  ["metadata.annotations['note']", 'a "b"'],
  ["spec.nodeName", "bed"],
  ["spec.serviceAccountName", "robot"],
  ["status.podIP", "10.244.1.7"],
  ["status.hostIP", "10.244.0.1"],
])("the field %s is told", (fieldPath, want) => {
  expect(variables({ env: [{ name: "X", valueFrom: { fieldRef: { fieldPath } } }] })).toMatchObject({ X: want });
});

it.each([
  { resource: "limits.cpu", want: "2" },
  { resource: "limits.memory", divisor: "1Mi", want: "64" },
  { resource: "requests.cpu", divisor: "1m", want: "500" },
])("the resource $resource is told in its unit, rounded up", ({ resource, divisor, want }) => {
  const resources = { limits: { cpu: "1500m", memory: "64Mi" }, requests: { cpu: "0.5" } };
  const resourceFieldRef = { resource, ...(divisor === undefined ? {} : { divisor }) };
  expect(variables({ resources, env: [{ name: "X", valueFrom: { resourceFieldRef } }] })).toMatchObject({ X: want });
});

it("keys of Secrets and ConfigMaps become variables, a prefix before them, and env wins over envFrom", () => {
  const fields: Partial<ContainerSpec> = {
    envFrom: [{ prefix: "CONF_", configMapRef: { name: "settings" } }, { configMapRef: { name: "settings" } }],
    env: [
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "login", key: "password" } } },
      { name: "LEVEL", value: "info" },
    ],
  };
  expect(variables(fields)).toEqual({ HOME: "/root", CONF_LEVEL: "debug", LEVEL: "info", PASSWORD: "s3cret" });
});

it.each([
  { missing: "a Secret", ref: { name: "other", key: "password" }, want: 'secret "other" not found' },
  { missing: "a key", ref: { name: "login", key: "user" }, want: "couldn't find key user in secret login" },
])("$missing that is not there is told, unless it is optional", ({ ref, want }) => {
  expect(variables({ env: [{ name: "X", valueFrom: { secretKeyRef: ref } }] })).toBe(want);
  const optional = { ...ref, optional: true };
  expect(variables({ env: [{ name: "X", valueFrom: { secretKeyRef: optional } }] })).toEqual({ HOME: "/root" });
});

it("a ConfigMap of envFrom that is not there is told, unless it is optional", () => {
  expect(variables({ envFrom: [{ configMapRef: { name: "other" } }] })).toBe('configmap "other" not found');
  expect(variables({ envFrom: [{ configMapRef: { name: "other", optional: true } }] })).toEqual({ HOME: "/root" });
});
