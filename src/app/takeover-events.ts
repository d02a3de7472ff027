import type { AnswerChange } from "../core/history.ts";
import { type ObjectKey, parseNamespacedName, parseObjectKey } from "../core/keys.ts";
import type { EventRecorder } from "../status/events.ts";
import type { Translator } from "./translator.ts";

/** What the owners of two routes are told when one came to answer what the other did. Names no other namespace. */
export interface TakeoverNews {
  readonly object: ObjectKey;
  readonly type: "Normal" | "Warning";
  readonly reason: "TrafficTaken" | "TrafficGained";
  readonly note: string;
}

/** Records this news as Events of the routes that are still there, as long as it is this replica that writes. */
export function tellTakeovers({
  translator,
  events,
  mayWrite,
}: {
  readonly translator: Pick<Translator, "metadata">;
  readonly events: Pick<EventRecorder, "note">;
  readonly mayWrite: () => boolean;
}): (changes: readonly AnswerChange[]) => void {
  return (changes) => {
    if (!mayWrite()) return;
    for (const news of takeoverNews(changes)) {
      const uid = translator.metadata(news.object)?.uid;
      if (uid !== undefined) events.note({ ...news, uid });
    }
  };
}

const mostListed = 3;

/** Tells both sides of each change from one namespace to another: one piece of news for each pair of routes and side. */
export function takeoverNews(changes: readonly AnswerChange[]): readonly TakeoverNews[] {
  const places = new Map<string, { readonly from: ObjectKey; readonly to: ObjectKey; readonly places: Set<string> }>();
  for (const { from, to, hostname, path } of changes) {
    if (from === undefined || to === undefined || namespaceOf(from.route) === namespaceOf(to.route)) continue;
    const key = `${from.route}|${to.route}`;
    const pair = places.get(key) ?? { from: from.route, to: to.route, places: new Set() };
    places.set(key, pair);
    pair.places.add(`${hostname === "" ? "*" : hostname}${path.value}`);
  }
  return [...places.values()].flatMap(({ from, to, places: all }): readonly TakeoverNews[] => {
    const what = `${listed([...all])} ${all.size === 1 ? "is" : "are"} now answered`;
    return [
      { object: from, type: "Warning", reason: "TrafficTaken", note: `${what} by a route of another namespace` },
      {
        ...{ object: to, type: "Normal", reason: "TrafficGained" },
        note: `${what} by this route, and no longer by a route of another namespace`,
      },
    ];
  });
}

function namespaceOf(route: ObjectKey): string | undefined {
  return parseNamespacedName(parseObjectKey(route).name).namespace;
}

function listed(items: readonly string[]): string {
  const more = items.length > mostListed ? [`and ${items.length - mostListed} more`] : [];
  return [...items.slice(0, mostListed), ...more].join(", ");
}
