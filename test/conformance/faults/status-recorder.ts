import type { RawObject } from "../../../src/core/kube-client.ts";
import type { Bed } from "../bed/start-bed.ts";
import { untilSame } from "../bed/wait-for.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly observedGeneration?: number;
}

/** What of a status can be taken back. */
export interface RecordedStatus {
  readonly conditions?: readonly Condition[];
  readonly addresses?: readonly { readonly value: string }[];
  readonly listeners?: readonly {
    readonly name: string;
    readonly attachedRoutes: number;
    readonly conditions?: readonly Condition[];
  }[];
  readonly parents?: readonly { readonly parentRef: unknown; readonly conditions?: readonly Condition[] }[];
}

interface RecordedObject extends RawObject {
  readonly status?: RecordedStatus;
}

/** A status that was written. */
export interface StatusWrite {
  /** `plural namespace/name`. */
  readonly object: string;
  /** Of the recorder's clock, in milliseconds. */
  readonly at: number;
  readonly before: RecordedStatus;
  readonly after: RecordedStatus;
}

/** What was seen of statuses since the recorder began. */
export interface StatusRecorder {
  readonly writes: readonly StatusWrite[];
  /** How many objects are watched by now. */
  readonly objects: ReadonlySet<string>;
  stop(): void;
}

/** What has statuses of ours in every release of the CRDs that the tests install. */
const recorded = ["gatewayclasses", "gateways", "httproutes"];

/** Watches Gateways, routes and classes, and notes every change of a status; more kinds by their plurals. */
export function recordStatuses(bed: Bed, more: readonly string[] = []): StatusRecorder {
  const writes: StatusWrite[] = [];
  const objects = new Set<string>();
  const known = new Map<string, RecordedStatus>();
  const end = new AbortController();
  for (const plural of [...recorded, ...more]) {
    const path = `/apis/gateway.networking.k8s.io/v1/${plural}`;
    bed.api.watch<RecordedObject>(
      path,
      (change, { metadata: { namespace = "", name, uid = "" }, status = {} }) => {
        const object = `${plural} ${namespace}/${name}`;
        if (change === "deleted") return void objects.delete(object);
        objects.add(object);
        const before = known.get(uid);
        known.set(uid, status);
        if (before === undefined || JSON.stringify(before) === JSON.stringify(status)) return;
        writes.push({ object, at: performance.now(), before, after: status });
      },
      end.signal,
    );
  }
  return { writes, objects, stop: () => end.abort() };
}

/** What a write has taken back, in words: a condition that was True, an attached route, an address, a listener, a parent. */
export function takenBack({ object, before, after }: StatusWrite): readonly string[] {
  const parts: string[] = [...lostConditions("", before.conditions, after.conditions)];
  const values = new Set(after.addresses?.map(({ value }) => value));
  for (const { value } of before.addresses ?? []) if (!values.has(value)) parts.push(`address ${value}`);
  for (const was of before.listeners ?? []) {
    const is = after.listeners?.find(({ name }) => name === was.name);
    parts.push(...lostConditions(`listener ${was.name}: `, was.conditions, is?.conditions));
    const attached = is?.attachedRoutes ?? 0;
    if (attached < was.attachedRoutes) parts.push(`listener ${was.name}: ${was.attachedRoutes} to ${attached} routes`);
  }
  for (const was of before.parents ?? []) {
    const ref = JSON.stringify(was.parentRef);
    const is = after.parents?.find(({ parentRef }) => JSON.stringify(parentRef) === ref);
    parts.push(...lostConditions(`parent ${ref}: `, was.conditions, is?.conditions));
  }
  return parts.map((part) => `${object}: ${part}`);
}

function lostConditions(
  where: string,
  before: readonly Condition[] = [],
  after: readonly Condition[] = [],
): readonly string[] {
  const good = before.filter(({ type, status }) => status === "True" && goodWhenTrue.has(type));
  return good.flatMap(({ type, observedGeneration }) => {
    const now = after.find((condition) => condition.type === type);
    // What is not yet known of a new generation takes nothing back of the one before.
    const awaits = now?.reason === "Pending" && now.observedGeneration !== observedGeneration;
    return now?.status === "True" || awaits
      ? []
      : [`${where}${type} is ${now?.status ?? "gone"} (${now?.reason ?? ""})`];
  });
}

const goodWhenTrue: ReadonlySet<string> = new Set(["Accepted", "Programmed", "ResolvedRefs", "SupportedVersion"]);

/** The resourceVersions of everything that has a status of ours. */
export async function resourceVersions({ api }: Bed): Promise<Readonly<Record<string, string>>> {
  const lists = await Promise.all(
    recorded.map(async (plural) => {
      const path = `/apis/gateway.networking.k8s.io/v1/${plural}`;
      const { items } = await api.get<{ items: readonly RawObject[] }>(path);
      return items.map(({ metadata }) => [
        `${plural} ${metadata.namespace ?? ""}/${metadata.name}`,
        metadata.resourceVersion ?? "",
      ]);
    }),
  );
  return Object.fromEntries(lists.flat());
}

/**
 * Waits until no status has been written for longer than a writer waits between two writes, and answers the versions: what
 * is still to be told of things that happened before would be taken for something else otherwise.
 */
export function untilStatusesRest(bed: Bed): Promise<Readonly<Record<string, string>>> {
  return untilSame("the statuses", () => resourceVersions(bed), 5);
}
