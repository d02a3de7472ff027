import type { AnswerChange, AnsweredPath, AnsweredPlace, AnsweringRoute, ForwardedProtocol } from "../core/history.ts";
import { covers, everyHost, type Hostname, isExact, isWildcard } from "../core/hostname.ts";
import type { NamespacedName, ObjectKey } from "../core/keys.ts";
import { type Answer, type Answers, answering, answersOf, concerns, pathKey, type ServedMatch } from "./answers.ts";
import { type ChangedObject, describeCause } from "./cause.ts";

/**
 * A hostname of a route table that is new, another one, or (without matches) gone. Where connections or datagrams are forwarded,
 * the listener stands for the table, and a match of everything for who has a name of it.
 */
export interface HostChange {
  readonly gateway: NamespacedName;
  readonly table: string;
  /** Of what is forwarded as it is. */
  readonly protocol?: ForwardedProtocol;
  readonly hostname: Hostname;
  /** The port that clients use; absent where the table is gone. */
  readonly port?: number;
  readonly resource: AnswerChange["resource"];
  /** What is reached there, in order of precedence. */
  readonly matches?: readonly ServedMatch[];
}

/** What one publication has changed. */
export interface Publication {
  readonly hosts: readonly HostChange[];
  /** The generations of routes that changed; undefined where one is gone. */
  readonly routes: ReadonlyMap<ObjectKey, number | undefined>;
  readonly objects: readonly ChangedObject[];
}

export interface LedgerOptions {
  /** How many changes are kept. */
  readonly most: number;
  readonly now: () => Date;
}

/** What is known about one hostname of one table. */
interface Host {
  readonly gateway: NamespacedName;
  readonly table: string;
  readonly hostname: Hostname;
  readonly port: number;
  readonly protocol?: ForwardedProtocol;
  readonly answers: Answers;
}

/** What is asked about: a host, and perhaps one path of it; or a port, of which nothing else is known. */
export type AskedPlace =
  | { readonly host: Hostname; readonly path?: string | undefined }
  | { readonly port: number; readonly protocol: ForwardedProtocol };

type Hosts = (key: string) => Host | undefined;

const currentPerTable = 200;

/** Keeps who answers which path of which hostname, and every time that somebody else came to. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #hosts = new Map<string, Host>();
  readonly #tables = new Map<string, Pick<Host, "gateway" | "table"> & { readonly hosts: number }>();
  readonly #generations = new Map<ObjectKey, number>();
  #changes: AnswerChange[] = [];
  #hasBaseline = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** Takes what was published, and tells what it changed. The first publication is where history begins: it changes nothing. */
  record(publication: Publication): readonly AnswerChange[] {
    const after = this.#settled(publication.hosts);
    const changes = this.#hasBaseline ? this.#compare(publication, after) : [];
    this.#hasBaseline = true;
    for (const [key, host] of after) this.#keep(key, host);
    for (const [route, generation] of publication.routes) {
      if (generation === undefined) this.#generations.delete(route);
      else this.#generations.set(route, generation);
    }
    this.#append(changes);
    return changes;
  }

  /** The changes that concern a place, the newest first. */
  changes(asked: AskedPlace): readonly AnswerChange[] {
    const isAsked = (change: AnswerChange) => {
      if (!isOfKind(asked, change)) return false;
      if ("port" in asked) return true;
      const { host, path } = asked;
      return (
        covers(change.hostname, host) &&
        (path === undefined || change.path === undefined || concerns(change.path, path))
      );
    };
    return this.#kept().filter(isAsked).reverse();
  }

  /** Who answers now: each path of a host, or the one path that is asked for, in every table; or who has a port. */
  current(asked: AskedPlace): readonly (AnsweredPlace & AnsweringRoute)[] {
    const [hostname, path] = "port" in asked ? [everyHost, undefined] : [asked.host, asked.path];
    return [...this.#tables.values()].flatMap((table) => {
      const found = nearest((key) => this.#hosts.get(key), { ...table, hostname });
      if (found === undefined || !isOfKind(asked, found)) return [];
      return selected(found.answers, path).map(({ path: answered, route }) => {
        return { ...placeOf(found, answered), ...this.#answeringNow(route) };
      });
    });
  }

  /** What the hosts that changed are now. */
  #settled(changes: readonly HostChange[]): ReadonlyMap<string, Host | undefined> {
    return new Map(
      changes.map((change) => {
        const key = hostKey(change);
        const { gateway, table, hostname, protocol, matches } = change;
        if (matches === undefined) return [key, undefined];
        const port = change.port ?? this.#hosts.get(key)?.port ?? 0;
        const host = { gateway, table, hostname, port, ...(protocol && { protocol }), answers: answersOf(matches) };
        return [key, host];
      }),
    );
  }

  #compare({ hosts, routes, objects }: Publication, after: ReadonlyMap<string, Host | undefined>) {
    const time = this.#options.now().toISOString();
    const now: Hosts = (key) => (after.has(key) ? after.get(key) : this.#hosts.get(key));
    const before: Hosts = (key) => this.#hosts.get(key);
    const generationNow = (route: ObjectKey) => routes.get(route) ?? this.#generations.get(route);
    const describe = (answer: ReachedAnswer | undefined, generation: (route: ObjectKey) => number | undefined) =>
      answer && { ...answer, generation: generation(answer.route) ?? 0 };
    return hosts.flatMap((host) => {
      const { resource } = host;
      const port = host.port ?? this.#hosts.get(hostKey(host))?.port ?? 0;
      return changedPaths(host, before, now).map(({ path, was, is }): AnswerChange => {
        const from = describe(was, (route) => this.#generations.get(route));
        const to = describe(is, generationNow);
        const cause = describeCause(objects, { from, to });
        const place = placeOf({ ...host, port }, path);
        return { time, ...place, ...(from && { from }), ...(to && { to }), cause, resource };
      });
    });
  }

  #keep(key: string, host: Host | undefined): void {
    const place = host ?? this.#hosts.get(key);
    if (place === undefined) return;
    const { gateway, table } = place;
    const known = this.#tables.get(`${gateway}|${table}`)?.hosts ?? 0;
    const hosts = known + Number(host !== undefined) - Number(this.#hosts.has(key));
    if (hosts === 0) this.#tables.delete(`${gateway}|${table}`);
    else this.#tables.set(`${gateway}|${table}`, { gateway, table, hosts });
    if (host === undefined) this.#hosts.delete(key);
    else this.#hosts.set(key, host);
  }

  #append(changes: readonly AnswerChange[]): void {
    const { most } = this.#options;
    for (const change of changes.slice(-most)) this.#changes.push(change);
    if (this.#changes.length > 2 * most) this.#changes = this.#kept();
  }

  #kept(): AnswerChange[] {
    const { most } = this.#options;
    return most === 0 ? [] : this.#changes.slice(-most);
  }

  #answeringNow(route: ObjectKey): AnsweringRoute {
    return { route, generation: this.#generations.get(route) ?? 0 };
  }
}

/** A port is a place of its own only where nothing else tells what comes to it apart. */
function isOfKind(asked: AskedPlace, { port, protocol }: Pick<AnsweredPlace, "port" | "protocol">): boolean {
  if ("port" in asked) return port === asked.port && protocol === asked.protocol;
  return protocol === undefined || protocol === "TLS";
}

/** What is forwarded has no paths. */
function placeOf(
  { gateway, port, hostname, protocol }: Omit<AnsweredPlace, "path">,
  path: AnsweredPath,
): AnsweredPlace {
  return { gateway, port, hostname, ...(protocol === undefined ? { path } : { protocol }) };
}

interface ChangedPath {
  readonly path: AnsweredPath;
  readonly was: ReachedAnswer | undefined;
  readonly is: ReachedAnswer | undefined;
}

type ReachedAnswer = Pick<AnsweringRoute, "route" | "through">;

/** The paths of a host that another route answers now, or that nobody does. */
function changedPaths(host: HostChange, before: Hosts, now: Hosts): readonly ChangedPath[] {
  const key = hostKey(host);
  const [hadOwn, hasOwn] = [before(key), now(key)];
  const [was, is] = [nearest(before, host), nearest(now, host)];
  const paths = new Map<string, AnsweredPath>();
  for (const { path } of hadOwn?.answers.values() ?? []) paths.set(pathKey(path), path);
  for (const { path } of hasOwn?.answers.values() ?? []) paths.set(pathKey(path), path);
  // A hostname that comes or goes takes, or gives back, also what a wider one answers besides these paths.
  if (hadOwn === undefined || hasOwn === undefined) paths.set(pathKey(everything), everything);
  return [...paths.values()].flatMap((path) => {
    const place = { hostname: host.hostname, path };
    const [from, to] = [was && reachedAt(was, place), is && reachedAt(is, place)];
    return from?.route === to?.route ? [] : [{ path, was: from, is: to }];
  });
}

/** Who answers a place, and through what where the place is not its own. */
function reachedAt(
  { hostname, protocol, answers }: Host,
  place: { readonly hostname: Hostname; readonly path: AnsweredPath },
): ReachedAnswer | undefined {
  const found = answering(answers, place.path);
  if (found === undefined) return undefined;
  const { route, path } = found;
  if (hostname === place.hostname && pathKey(path) === pathKey(place.path)) return { route };
  return { route, through: { hostname, ...(protocol === undefined && { path }) } };
}

const everything: AnsweredPath = { type: "PathPrefix", value: "/" };

/** The hostname of a table that requests for a host are looked up under: the most specific one that covers it. */
function nearest(hosts: Hosts, place: Pick<HostChange, "gateway" | "table" | "hostname">): Host | undefined {
  for (const hostname of hostnamesAbove(place.hostname)) {
    const found = hosts(hostKey({ ...place, hostname }));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The hostname itself, the wildcards above it, and every host. */
function* hostnamesAbove(hostname: Hostname): Iterable<Hostname> {
  yield hostname;
  let rest = isWildcard(hostname) ? hostname.slice(2) : hostname;
  if (isExact(hostname) || isWildcard(hostname)) {
    for (let dot = rest.indexOf("."); dot >= 0; dot = rest.indexOf(".")) {
      rest = rest.slice(dot + 1);
      yield `*.${rest}`;
    }
  }
  if (hostname !== everyHost) yield everyHost;
}

/** The answers to a path: the plain one, and those that go before it for some requests. */
function selected(answers: Answers, path: string | undefined): readonly Answer[] {
  if (path === undefined) return [...answers.values()].slice(0, currentPerTable);
  const plain = answering(answers, { type: "Exact", value: path });
  const least = plain === undefined ? 0 : rank(plain);
  const before = [...answers.values()].filter(
    (answer) => answer !== plain && concerns(answer.path, path) && rank(answer) >= least,
  );
  return [...before, ...(plain === undefined ? [] : [plain])].slice(0, currentPerTable);
}

/** Exact paths go before regular expressions, those before prefixes, and long prefixes before short ones. */
function rank({ path: { type, value } }: Answer): number {
  if (type === "PathPrefix") return value.length;
  return type === "Exact" ? Number.POSITIVE_INFINITY : Number.MAX_SAFE_INTEGER;
}

function hostKey({ gateway, table, hostname }: Pick<HostChange, "gateway" | "table" | "hostname">): string {
  return `${gateway}|${table}|${hostname}`;
}
