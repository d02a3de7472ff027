import { fieldValue, type PodPlace, resourceValue } from "./downward.ts";
import type { KeyedObjects } from "./environment.ts";
import type { DownwardItem, KeyToPath, Pod, ProjectedSource, TokenSource, VolumeSpec } from "./pod.ts";

/** One file of a volume. */
export interface VolumeFile {
  readonly bytes: Buffer;
  readonly mode: number;
  /** Tokens are kept from other users than the pod's. */
  readonly token?: true;
}

export type PayloadResult =
  | { readonly kind: "ok"; readonly files: ReadonlyMap<string, VolumeFile> }
  | { readonly kind: "missing"; readonly message: string };

export interface PayloadInput {
  readonly pod: Pod;
  readonly place: PodPlace;
  readonly objects: KeyedObjects;
  /** The token that was issued for a source; undefined when none was yet. */
  readonly token: (source: TokenSource) => string | undefined;
}

/** Whether the agent fills a volume with files, and refreshes them. */
export function hasPayload(volume: VolumeSpec): boolean {
  return sourcesOf(volume).length > 0 || volume.projected !== undefined || volume.downwardAPI !== undefined;
}

/** The tokens that a volume wants. */
export function tokensOf(volume: VolumeSpec): readonly TokenSource[] {
  return sourcesOf(volume).flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []);
}

/** Works out the files of a volume of configMap, secret, downwardAPI or projected. */
export function volumePayload(volume: VolumeSpec, input: PayloadInput): PayloadResult {
  const files = new Map<string, VolumeFile>();
  const defaultMode =
    volume.projected?.defaultMode ??
    volume.configMap?.defaultMode ??
    volume.secret?.defaultMode ??
    volume.downwardAPI?.defaultMode ??
    0o644;
  for (const source of sourcesOf(volume)) {
    const message = addSource(files, source, defaultMode, input);
    if (message !== undefined) return { kind: "missing", message };
  }
  return { kind: "ok", files };
}

/** Every volume with files is a projected one with one source, or more. */
function sourcesOf(volume: VolumeSpec): readonly ProjectedSource[] {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return [{ configMap }];
  if (secret !== undefined) return [{ secret: { ...secret, name: secret.secretName } }];
  if (downwardAPI !== undefined) return [{ downwardAPI }];
  return projected?.sources ?? [];
}

type Files = Map<string, VolumeFile>;

function addSource(files: Files, source: ProjectedSource, mode: number, input: PayloadInput): string | undefined {
  const namespace = input.pod.metadata.namespace ?? "default";
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  const keyed = configMap ?? secret;
  if (keyed !== undefined) {
    const kind = configMap === undefined ? "secret" : "configMap";
    const data = input.objects[kind](namespace, keyed.name);
    const optional = keyed.optional === true;
    if (data === undefined) return optional ? undefined : `${kind.toLowerCase()} "${keyed.name}" not found`;
    return addKeys(files, data, { items: keyed.items, mode, optional, name: keyed.name });
  }
  if (serviceAccountToken !== undefined) {
    const token = input.token(serviceAccountToken);
    if (token === undefined) return `no token for ${serviceAccountToken.path} yet`;
    files.set(serviceAccountToken.path, { bytes: Buffer.from(token), mode, token: true });
    return undefined;
  }
  return addFields(files, downwardAPI?.items ?? [], mode, input);
}

interface KeySelection {
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
  readonly optional: boolean;
  readonly name: string;
}

function addKeys(files: Files, data: ReadonlyMap<string, Buffer>, selection: KeySelection): string | undefined {
  const items: readonly KeyToPath[] = selection.items ?? [...data.keys()].map((key) => ({ key, path: key }));
  for (const { key, path, mode } of items) {
    const bytes = data.get(key);
    if (bytes !== undefined) files.set(path, { bytes, mode: mode ?? selection.mode });
    else if (!selection.optional) return `references non-existent key ${key} of ${selection.name}`;
  }
  return undefined;
}

function addFields(
  files: Files,
  items: readonly DownwardItem[],
  defaultMode: number,
  input: PayloadInput,
): string | undefined {
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    const value =
      fieldRef !== undefined
        ? fieldValue(input.pod, input.place, fieldRef.fieldPath)
        : resourceFieldRef && resourceValue(input.pod, undefined, resourceFieldRef);
    if (value === undefined) return `no such field: ${fieldRef?.fieldPath ?? path}`;
    files.set(path, { bytes: Buffer.from(value), mode: mode ?? defaultMode });
  }
  return undefined;
}
