import type { ListenerName, ObjectName } from "../../core/explanation.ts";
import { everyHost, type Hostname } from "../../core/hostname.ts";
import {
  type NamespacedName,
  type ObjectKey,
  objectKey,
  parseNamespacedName,
  parseObjectKey,
} from "../../core/keys.ts";
import type { Listener } from "../nodes.ts";

/** An object as explanations name it. */
export function objectName(key: ObjectKey): ObjectName {
  const { kind, name } = parseObjectKey(key);
  const parts = parseNamespacedName(name);
  return { kind, namespace: parts.namespace ?? "", name: parts.name };
}

/** A Gateway as explanations name it. */
export function gatewayName(gateway: NamespacedName): ObjectName {
  return objectName(objectKey("Gateway", gateway));
}

/** A listener as explanations name it. */
export function listenerNameOf({ parent, name, port, protocol, hostname }: Listener): ListenerName {
  return { parent: objectName(parent), name, port, protocol, hostname };
}

/** A hostname for people: the empty one is spelled `*`. */
export function showHostname(hostname: Hostname): string {
  return hostname === everyHost ? "*" : hostname;
}
