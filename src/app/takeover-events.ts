import type { AnswerChange, AnsweredPlace, AnsweringRoute } from "../core/history.ts";
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
  const pairs = new Map<string, Takeover>();
  for (const change of changes) {
    const { from, to } = change;
    if (from === undefined || to === undefined || namespaceOf(from.route) === namespaceOf(to.route)) continue;
    const key = `${from.route}|${to.route}`;
    const pair = pairs.get(key) ?? { from: from.route, to: to.route, lost: new Set(), won: new Set() };
    pairs.set(key, pair);
    pair.lost.add(ownWords(change, from));
    pair.won.add(ownWords(change, to));
  }
  return [...pairs.values()].flatMap(({ from, to, lost, won }): readonly TakeoverNews[] => [
    {
      ...{ object: from, type: "Warning", reason: "TrafficTaken" },
      note: `${answered(lost)} by a route of another namespace`,
    },
    {
      ...{ object: to, type: "Normal", reason: "TrafficGained" },
      note: `${answered(won)} by this route, and no longer by a route of another namespace`,
    },
  ]);
}

/** What went from one route to another, as either of them has written it. */
interface Takeover {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
  readonly lost: Set<string>;
  readonly won: Set<string>;
}

function answered(places: ReadonlySet<string>): string {
  return `${listed([...places])} ${places.size === 1 ? "is" : "are"} now answered`;
}

/** The place of a change in the words of one side: a narrower hostname or path is the other side's, and its secret. */
function ownWords(change: AnswerChange, { through }: AnsweringRoute): string {
  return through === undefined ? placeWords(change) : `a part of ${placeWords({ ...change, ...through })}`;
}

/** `shop.example.com/cart`, `db.example.com:8443` for a server name, `:5432/tcp` for a port. */
function placeWords({ hostname, path, port, protocol }: AnsweredPlace): string {
  const host = hostname === "" ? "*" : hostname;
  if (protocol === undefined) return `${host}${path?.value ?? ""}`;
  return protocol === "TLS" ? `${host}:${port}` : `:${port}/${protocol.toLowerCase()}`;
}

function namespaceOf(route: ObjectKey): string | undefined {
  return parseNamespacedName(parseObjectKey(route).name).namespace;
}

function listed(items: readonly string[]): string {
  const more = items.length > mostListed ? [`and ${items.length - mostListed} more`] : [];
  return [...items.slice(0, mostListed), ...more].join(", ");
}
