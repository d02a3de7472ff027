/** Events of `events.k8s.io/v1` as requests. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
import { kinds, type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import { type KubeRequest, patchTypes, type ResourceKind, resourcePath } from "../core/kube-client.ts";

/** What an Event tells. */
export interface EventFacts {
  readonly object: ObjectKey;
  readonly uid: string;
  /** The version of the object's kind that users see. */
  readonly version: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly note: string;
  readonly controllerName: string;
  readonly reportingInstance: string;
}

/** Where an Event is. */
export interface EventPlace {
  readonly namespace: string;
  readonly name: string;
}

const eventKind: ResourceKind = { group: "events.k8s.io", version: "v1", plural: "events" };

/** The place of an Event of an object: its own namespace, `default` for an object that is in none. */
export function eventPlace(object: ObjectKey, suffix: string): EventPlace {
  const { namespace = "default", name } = parseNamespacedName(parseObjectKey(object).name);
  return { namespace, name: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, "")}.${suffix}` };
}

/** Makes a new Event. */
export function createEvent({ namespace, name }: EventPlace, facts: EventFacts, now: Date): KubeRequest {
  const { kind, name: full } = parseObjectKey(facts.object);
  const { group } = kinds[kind];
  const apiVersion = group === "" ? facts.version : `${group}/${facts.version}`;
  const body = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace, name },
    eventTime: microTime(now),
    type: facts.type,
    reason: facts.reason,
    action: facts.type === "Warning" ? "Refuse" : "Accept",
    note: facts.note,
    regarding: { apiVersion, kind, ...parseNamespacedName(full), uid: facts.uid },
    reportingController: facts.controllerName,
    reportingInstance: facts.reportingInstance.slice(0, mostInstanceCharacters),
  };
  return { method: "POST", path: resourcePath(eventKind, { namespace }), body };
}

/** Tells how often an Event happened, and when last. */
export function countEvent(place: EventPlace, count: number, last: Date): KubeRequest {
  const body = { series: { count, lastObservedTime: microTime(last) } };
  return { method: "PATCH", path: resourcePath(eventKind, place), contentType: patchTypes.merge, body };
}

/** Cuts a text to so many bytes of UTF-8, between characters. */
export function cutToBytes(text: string, most: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= most) return text;
  const mark = "…";
  let end = most - new TextEncoder().encode(mark).length;
  // A byte 10xxxxxx goes on with a character: the cut is before the character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return new TextDecoder().decode(bytes.subarray(0, end)) + mark;
}

const mostInstanceCharacters = 128;

/** RFC 3339 with six digits, as the API server wants a MicroTime. */
function microTime(time: Date): string {
  return time.toISOString().replace("Z", "000Z");
}
