import { hiddenText } from "../core/hidden-object.ts";
import type { AnsweredPath, AnsweredPlace, AnsweringRoute, HistoryReport, ToldChange } from "../core/history.ts";
import { normalizeHostname } from "../core/hostname.ts";
import { namespacedName } from "../core/keys.ts";
import { hiddenKey, hideLeftovers, parseKey, tellOnce } from "./hide-objects.ts";
import type { Sees } from "./redact-explanation.ts";

/** The same history for a reader who may not see everything: that somebody else answered stays, and when. */
export function redactHistory(report: HistoryReport, sees: Sees): HistoryReport {
  const { host, path, port, protocol, current, changes } = report;
  const isOwn = (key: string) => seesKey(key, sees);
  const own: readonly AnsweredPlace[] = [
    ...current.filter(({ route }) => isOwn(route)),
    ...changes.filter(({ from, to }) => isOwnPlace([from, to], isOwn)),
  ];
  // What the reader has asked about, and what is their own, they know.
  const known = new Set([normalizeHostname(host ?? ""), "", "/", ...(path === undefined ? [] : [path])]);
  for (const place of own) known.add(place.hostname).add(place.path?.value ?? "/");
  const reader: Reader = { sees: isOwn, known, asked: port };
  const redacted: HistoryReport = {
    ...(host !== undefined && { host }),
    ...(path !== undefined && { path }),
    ...(port !== undefined && { port }),
    ...(protocol !== undefined && { protocol }),
    current: tellOnce(
      current.map((each) => ({ ...redactPlace(each, [each], reader), ...redactRoute(each, reader) })),
      isTheirs,
    ),
    // What one change did to several paths of others reads the same then, whoever had them before.
    changes: tellOnce(
      changes.map((each) => redactChange(each, reader)),
      () => true,
    ),
  };
  return hideLeftovers(redacted, report);
}

interface Reader {
  readonly sees: (key: string) => boolean;
  readonly known: ReadonlySet<string>;
  /** The port, where one was asked for. */
  readonly asked: number | undefined;
}

function isTheirs({ route }: AnsweringRoute): boolean {
  return route === hiddenKey(route);
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

/** Whether a route of the reader's has a place itself, and does not only answer there through a wider one. */
function isOwnPlace(routes: readonly (AnsweringRoute | undefined)[], sees: Reader["sees"]): boolean {
  return routes.some((each) => each !== undefined && each.through === undefined && sees(each.route));
}

function redactPlace(
  { gateway, port, hostname, path, protocol }: AnsweredPlace,
  routes: readonly (AnsweringRoute | undefined)[],
  { sees, known, asked }: Reader,
): AnsweredPlace {
  const isOwn = isOwnPlace(routes, sees);
  const isThere = routes.some((each) => each !== undefined && sees(each.route));
  const knowsPort = isThere || asked !== undefined || sees(`Gateway/${gateway}`);
  return {
    gateway: sees(`Gateway/${gateway}`) ? gateway : namespacedName(hiddenText, ""),
    port: knowsPort ? port : 0,
    hostname: isOwn || known.has(hostname) ? hostname : hiddenText,
    ...(path !== undefined && { path: redactPath(path, isOwn, known) }),
    ...(protocol !== undefined && { protocol }),
  };
}

/** Of others' matches neither the type nor what they need besides the path is told. */
function redactPath({ type, value, condition }: AnsweredPath, isOwn: boolean, known: Reader["known"]): AnsweredPath {
  if (isOwn) return { type, value, ...(condition !== undefined && { condition }) };
  return { type: "PathPrefix", value: known.has(value) ? value : hiddenText };
}

function redactRoute({ route, generation, through }: AnsweringRoute, reader: Reader): AnsweringRoute {
  if (!reader.sees(route)) return { route: hiddenKey(route), generation: 0 };
  return { route, generation, ...(through !== undefined && { through }) };
}
