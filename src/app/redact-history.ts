import { hiddenText } from "../core/hidden-object.ts";
import type { AnsweredPlace, AnsweringRoute, HistoryReport, ToldChange } from "../core/history.ts";
import { normalizeHostname } from "../core/hostname.ts";
import { type NamespacedName, namespacedName } from "../core/keys.ts";
import { hiddenKey, hideLeftovers, parseKey } from "./hide-objects.ts";
import type { Sees } from "./redact-explanation.ts";

/** The same history for a reader who may not see everything: that somebody else answered stays, and when. */
export function redactHistory(report: HistoryReport, sees: Sees): HistoryReport {
  const { host, path, current, changes } = report;
  const isOwn = (key: string) => seesKey(key, sees);
  const own: readonly AnsweredPlace[] = [
    ...current.filter(({ route }) => isOwn(route)),
    ...changes.filter(({ from, to }) => [from, to].every((each) => each === undefined || isOwn(each.route))),
  ];
  // What the reader has asked about, and what is their own, they know.
  const known = new Set([normalizeHostname(host), "", "/", ...(path === undefined ? [] : [path])]);
  for (const place of own) known.add(place.hostname).add(place.path.value);
  const reader: Reader = { sees: isOwn, known };
  const redacted: HistoryReport = {
    host,
    ...(path !== undefined && { path }),
    current: current.map((each) => ({
      ...redactPlace(each, [each], reader),
      ...redactRoute(each, reader),
    })),
    changes: changes.map((each) => redactChange(each, reader)),
  };
  return hideLeftovers(redacted, report);
}

interface Reader {
  readonly sees: (key: string) => boolean;
  readonly known: ReadonlySet<string>;
}

function seesKey(key: string, sees: Sees): boolean {
  const object = parseKey(key);
  return object !== undefined && sees(object);
}

function redactChange(change: ToldChange, reader: Reader): ToldChange {
  const { time, from, to, cause, proxies } = change;
  const own = [from, to].filter((each) => each !== undefined && reader.sees(each.route));
  return {
    ...redactPlace(change, [from, to], reader),
    time,
    ...(from && { from: redactRoute(from, reader) }),
    ...(to && { to: redactRoute(to, reader) }),
    cause: isOwnCause(cause, own) ? cause : hiddenText,
    // Named after listeners and hostnames.
    resource: { name: hiddenText },
    proxies: { connected: proxies.connected, acknowledged: proxies.acknowledged },
  };
}

/** What changed may be an object of anybody: it is told where it is one of the reader's routes, and nothing else. */
function isOwnCause(cause: string, own: readonly (AnsweringRoute | undefined)[]): boolean {
  return own.some((each) => {
    const [kind, ...name] = (each?.route ?? "").split("/");
    const written = `${kind} ${name.join("/")} `;
    return cause.startsWith(written) && /^(is gone|generation \d+ changed)$/.test(cause.slice(written.length));
  });
}

/** Of whose match a path is, a change does not say: it is told where it can be nobody else's. */
function redactPlace(
  { gateway, port, hostname, path }: AnsweredPlace,
  routes: readonly (AnsweringRoute | undefined)[],
  { sees, known }: Reader,
): AnsweredPlace {
  const { type, value, condition } = path;
  const shown: NamespacedName = sees(`Gateway/${gateway}`) ? gateway : namespacedName(hiddenText, "");
  if (routes.every((each) => each === undefined || sees(each.route))) {
    return { gateway: shown, port, hostname, path: { type, value, ...(condition !== undefined && { condition }) } };
  }
  return {
    gateway: shown,
    port,
    hostname: known.has(hostname) ? hostname : hiddenText,
    path: { type, value: known.has(value) ? value : hiddenText },
  };
}

function redactRoute({ route, generation }: AnsweringRoute, reader: Reader): AnsweringRoute {
  return reader.sees(route) ? { route, generation } : { route: hiddenKey(route), generation: 0 };
}
