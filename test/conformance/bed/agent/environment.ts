import { fieldValue, type PodPlace, resourceValue } from "./downward.ts";
import type { ContainerSpec, EnvFrom, EnvVar, KeyRef, Pod } from "./pod.ts";

/** Finds the keys of a Secret or ConfigMap of the pod's namespace; undefined when there is no such object. */
export interface KeyedObjects {
  secret(namespace: string, name: string): ReadonlyMap<string, Buffer> | undefined;
  configMap(namespace: string, name: string): ReadonlyMap<string, Buffer> | undefined;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: ContainerSpec;
  readonly place: PodPlace;
  readonly objects: KeyedObjects;
  /** What the image and the runtime set; the container's own variables win. */
  readonly base: Readonly<Record<string, string>>;
}

export type EnvironmentResult =
  | { readonly kind: "ok"; readonly environment: ReadonlyMap<string, string> }
  | { readonly kind: "missing"; readonly message: string };

/** Builds the environment of a container. Something that is not there yet is told, not thrown: the agent tries again. */
export function buildEnvironment(input: EnvironmentInput): EnvironmentResult {
  const environment = new Map(Object.entries(input.base));
  for (const source of input.container.envFrom ?? []) {
    const message = addAll(environment, source, input);
    if (message !== undefined) return { kind: "missing", message };
  }
  // Only what this container defines, and what came before in its list, may be referred to.
  for (const variable of input.container.env ?? []) {
    const found = resolveVariable(variable, environment, input);
    if (found.kind === "missing") return found;
    if (found.value !== undefined) environment.set(variable.name, found.value);
  }
  return { kind: "ok", environment };
}

/** Replaces `$(NAME)` by the variable's value; `$$(NAME)` stays as `$(NAME)`, and so does a name that is not there. */
export function expandVariables(text: string, environment: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, rest: string, name: string | undefined) => {
    if (rest === "$") return "$";
    return environment.get(name ?? "") ?? whole;
  });
}

function addAll(environment: Map<string, string>, source: EnvFrom, input: EnvironmentInput): string | undefined {
  const namespace = input.pod.metadata.namespace ?? "default";
  const ref = source.secretRef ?? source.configMapRef;
  if (ref === undefined) return undefined;
  const kind = source.secretRef === undefined ? "configMap" : "secret";
  const data = input.objects[kind](namespace, ref.name);
  if (data === undefined && ref.optional !== true) return `${kind.toLowerCase()} "${ref.name}" not found`;
  for (const [key, value] of data ?? []) environment.set(`${source.prefix ?? ""}${key}`, value.toString("utf8"));
  return undefined;
}

type Found = { readonly kind: "value"; readonly value: string | undefined } | (EnvironmentResult & { kind: "missing" });

function resolveVariable(variable: EnvVar, environment: ReadonlyMap<string, string>, input: EnvironmentInput): Found {
  const from = variable.valueFrom;
  if (from === undefined) return { kind: "value", value: expandVariables(variable.value ?? "", environment) };
  if (from.fieldRef !== undefined) {
    const value = fieldValue(input.pod, input.place, from.fieldRef.fieldPath);
    if (value === undefined) return { kind: "missing", message: `no such field: ${from.fieldRef.fieldPath}` };
    return { kind: "value", value };
  }
  if (from.resourceFieldRef !== undefined) {
    return { kind: "value", value: resourceValue(input.pod, input.container, from.resourceFieldRef) };
  }
  if (from.secretKeyRef !== undefined) return keyValue("secret", from.secretKeyRef, input);
  if (from.configMapKeyRef !== undefined) return keyValue("configMap", from.configMapKeyRef, input);
  return { kind: "value", value: "" };
}

function keyValue(kind: "secret" | "configMap", ref: KeyRef, input: EnvironmentInput): Found {
  const data = input.objects[kind](input.pod.metadata.namespace ?? "default", ref.name);
  const value = data?.get(ref.key);
  if (value !== undefined) return { kind: "value", value: value.toString("utf8") };
  if (ref.optional === true) return { kind: "value", value: undefined };
  const what = data === undefined ? `${kind.toLowerCase()} "${ref.name}" not found` : undefined;
  return { kind: "missing", message: what ?? `couldn't find key ${ref.key} in ${kind} ${ref.name}` };
}
