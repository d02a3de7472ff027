import type { RawObject } from "../../../../src/core/kube-client.ts";
import type { BedApi } from "../api.ts";
import type { KeyedObjects } from "./environment.ts";

/** The cluster's Secrets and ConfigMaps as pods see them, kept up to date. */
export interface ObjectStore extends KeyedObjects {
  /** Calls back after each change in a namespace; the answer ends that. */
  subscribe(namespace: string, listener: () => void): () => void;
}

interface DataObject extends RawObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly binaryData?: Readonly<Record<string, string>>;
}

/** Watches every Secret and ConfigMap with two watches, however many pods there are. */
export function watchObjects(api: BedApi, signal: AbortSignal): ObjectStore {
  const secrets = new Map<string, ReadonlyMap<string, Buffer>>();
  const configMaps = new Map<string, ReadonlyMap<string, Buffer>>();
  const listeners = new Map<string, Set<() => void>>();
  const follow = (plural: string, store: Map<string, ReadonlyMap<string, Buffer>>, encoding: BufferEncoding): void => {
    api.watch<DataObject>(
      `/api/v1/${plural}`,
      (change, object) => {
        const namespace = object.metadata.namespace ?? "";
        const key = `${namespace}/${object.metadata.name}`;
        if (change === "deleted") store.delete(key);
        else store.set(key, decode(object, encoding));
        for (const listener of listeners.get(namespace) ?? []) listener();
      },
      signal,
    );
  };
  follow("secrets", secrets, "base64");
  follow("configmaps", configMaps, "utf8");
  return {
    secret: (namespace, name) => secrets.get(`${namespace}/${name}`),
    configMap: (namespace, name) => configMaps.get(`${namespace}/${name}`),
    subscribe(namespace, listener) {
      const known = listeners.get(namespace) ?? new Set();
      listeners.set(namespace, known.add(listener));
      return () => {
        known.delete(listener);
        if (known.size === 0) listeners.delete(namespace);
      };
    },
  };
}

function decode(object: DataObject, encoding: BufferEncoding): ReadonlyMap<string, Buffer> {
  const data = Object.entries(object.data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)] as const);
  const binary = Object.entries(object.binaryData ?? {}).map(
    ([key, text]) => [key, Buffer.from(text, "base64")] as const,
  );
  return new Map([...data, ...binary]);
}
