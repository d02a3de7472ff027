/**
 * The model of routing: how a request is answered, from the same nodes that are printed for Envoy, but by the words of the
 * specification and not by what is printed. A test holds it against a real Envoy.
 */
import type { Reader } from "../../collection/collection.ts";
import type {
  GatewayExplanation,
  RequestAnswer,
  RequestExplanation,
  RequestQuestion,
  Rival,
  WithheldMatch,
} from "../../core/explanation.ts";
import { compareSpecificity, covers } from "../../core/hostname.ts";
import { gatewayResourceKey, type NamespacedName, namespacedName } from "../../core/keys.ts";
import { listenerName } from "../envoy/names.ts";
import type { PlaceInputs } from "../layer4/chain-places.ts";
import { heldNames } from "../layer4/held-names.ts";
import type { EnvoyListener, GatewayNode, HttpChain, Listener, RouteTable } from "../nodes.ts";
import type { RoutingView } from "../pipeline.ts";
import { tableOf } from "../route-parents.ts";
import { closedBackend } from "./closed-backend.ts";
import { type FoundChain, type FoundHost, findChain, findHosts, readsServerNames } from "./find-host.ts";
import { forwardConnection } from "./forward.ts";
import { gatewayName, listenerNameOf, showHostname } from "./object-name.ts";
import { type ReadRequest, readRequest } from "./read-request.ts";
import { explainMatch, type FittingEntry, fittingEntries, rivalsElsewhere, rivalsWithin } from "./rivals.ts";
import { ruleAnswer, ruleOf } from "./rule-answer.ts";
import { heldElsewhere, withheldMatches } from "./withheld.ts";

/** How much is told: `answer` only what becomes of the request, which costs no more than a proxy's own look-up. */
export type Depth = "answer" | "everything";

/** Decides how a request is answered by each Gateway that has a listener on its port, or by the one that is asked. */
export function decide(view: RoutingView, question: RequestQuestion, depth: Depth = "everything"): RequestExplanation {
  const gateways = askedGateways(view, question).map((gateway) => decideAt(view, { gateway, question, depth }));
  return { question, gateways };
}

function askedGateways(view: RoutingView, { gateway, port }: RequestQuestion): readonly GatewayNode[] {
  if (gateway !== undefined) {
    const node = view.gateways.get(namespacedName(gateway.namespace, gateway.name));
    return node === undefined ? [] : [node];
  }
  const nodes = [...view.gateways.entries()].map(([, node]) => node);
  return nodes
    .filter((node) => envoyListenerAt(view, node.key, port) !== undefined || listenersAt(node, port).length > 0)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

function envoyListenerAt(view: RoutingView, gateway: NamespacedName, port: number): EnvoyListener | undefined {
  const named = (scheme: "http" | "https" | "tcp") =>
    view.envoyListeners.get(gatewayResourceKey(gateway, listenerName(scheme, port)));
  return named("http") ?? named("https") ?? named("tcp");
}

/** Nobody is told when what was read changes: the answer is for now. */
const read: Reader = { get: (from, key) => from.get(key) };

interface Asked {
  readonly gateway: GatewayNode;
  readonly question: RequestQuestion;
  readonly depth: Depth;
}

type Head = Pick<GatewayExplanation, "gateway" | "envoyListener" | "listener" | "normalizedPath">;

function decideAt(view: RoutingView, asked: Asked): GatewayExplanation {
  const { gateway, question } = asked;
  const named: Head = { gateway: gatewayName(gateway.key) };
  const listener = envoyListenerAt(view, gateway.key, question.port);
  if (listener === undefined) return unopened(named, listenersAt(gateway, question.port));
  const head: Head = { ...named, envoyListener: listener.name };
  const ports = {
    portRoutes: [...(view.portRoutes.get(gatewayResourceKey(gateway.key, listener.name))?.values() ?? [])],
    holes: heldNames(read, view.heldNames, listener),
  };
  const connected = connect(listener, question, ports);
  if ("answer" in connected) return ended(head, connected.answer);
  const { chain, hostname } = connected;
  if (chain.kind === "layer4") {
    const place = withListener(
      head,
      gateway.listeners.find(({ key }) => key === chain.listener),
    );
    return {
      ...place,
      ...forwardConnection({
        ...{ chain, hostname, places: { ...ports, node: listener } },
        closed: (cluster, namespace) => closedBackend(view, { gateway: gateway.key, cluster, namespace }),
      }),
      rivals: [],
      withheld: [],
    };
  }
  const table = view.tables.get(gatewayResourceKey(gateway.key, chain.table));
  if (table === undefined) throw new Error(`bug: no route table ${chain.table} of ${gateway.key}`);
  const reading = readRequest(question);
  if (reading.kind === "answered") return ended(withListener(head, chainListener(gateway, chain)), reading.answer);
  const { request } = reading;
  const path = `${request.path}${request.query}`;
  const place: Head = {
    ...withListener(head, chainListener(gateway, chain) ?? hostListener(gateway, table, request)),
    ...(path !== question.path && { normalizedPath: path }),
  };
  return lookUp(view, asked, { head: place, table, request });
}

/** What listens on a port for connections, whether it can be opened or not. */
function listenersAt({ listeners }: GatewayNode, port: number): readonly Listener[] {
  return listeners.filter((listener) => listener.port === port && listener.protocol !== "UDP");
}

function unopened(named: Head, listeners: readonly Listener[]): GatewayExplanation {
  const [only, ...others] = listeners;
  if (only === undefined) return ended(named, noConnection("The Gateway has no listener on the port"));
  const reason = "Nothing that listens on the port can be served; the status of each listener says why";
  return ended(others.length === 0 ? withListener(named, only) : named, noConnection(reason));
}

/** The filter chain of a connection, or what becomes of a connection that has none. */
function connect(
  listener: EnvoyListener,
  { scheme, sni }: RequestQuestion,
  ports: Omit<PlaceInputs, "node">,
): FoundChain | { readonly answer: RequestAnswer } {
  const speaksTls = listener.chains.some(readsServerNames);
  // Where nothing is read of a connection it does not matter what the client speaks.
  const isBlind = listener.chains.some((chain) => chain.kind === "layer4" && chain.protocol === "TCP");
  if (!isBlind && speaksTls !== (scheme === "https")) {
    const reason = speaksTls ? "The port wants TLS, and the client speaks none" : "The port speaks no TLS";
    return { answer: noConnection(reason) };
  }
  const found = findChain(listener, sni, ports);
  if (found !== undefined) return found;
  const name = sni === undefined ? "a client that names no server" : "the server name";
  return { answer: noConnection(`No listener of the port has a certificate for ${name}`) };
}

interface Place {
  readonly head: Head;
  readonly table: RouteTable;
  readonly request: ReadRequest;
}

function lookUp(view: RoutingView, asked: Asked, { head, table, request }: Place): GatewayExplanation {
  const hosts = findHosts(view, table, request.host);
  const [found] = hosts;
  const at = found === undefined ? head : { ...head, virtualHost: showHostname(hostnameOf(found)) };
  const fitting = found?.kind === "host" ? fittingEntries(view, found.host, request) : [];
  const [winner, ...losers] = asked.depth === "answer" ? firstOf(fitting) : [...fitting];
  const answer =
    winner === undefined
      ? nothingFits(found)
      : answerOfEntry(view, winner, { request, port: asked.question.port, gateway: asked.gateway.key });
  const won = winner === undefined ? {} : { winner: explainMatch(view, winner) };
  if (asked.depth === "answer") return { ...at, answer, ...won, rivals: [], withheld: [] };
  const wider = widerEntries(view, hosts, request);
  const lookedUp = { gateway: asked.gateway.key, table, request };
  const kept: FittingEntry[] = [];
  const held: WithheldMatch[] = [];
  for (const entry of wider) {
    const withheld = heldElsewhere(view, { ...lookedUp, found }, entry);
    if (withheld === undefined) kept.push(entry);
    else held.push(withheld);
  }
  const rivals: readonly Rival[] = [
    ...(winner === undefined ? [] : rivalsWithin(view, winner, losers)),
    ...rivalsElsewhere(view, kept, "a more specific hostname"),
    ...rivalsElsewhere(view, elsewhere(view, asked.gateway.key, { table, request }), "a more specific listener"),
  ];
  return { ...at, answer, ...won, rivals, withheld: [...withheldMatches(view, lookedUp), ...held] };
}

function firstOf(entries: Iterable<FittingEntry>): readonly FittingEntry[] {
  for (const entry of entries) return [entry];
  return [];
}

function answerOfEntry(
  view: RoutingView,
  { entry }: FittingEntry,
  { gateway, ...asked }: { readonly request: ReadRequest; readonly port: number; readonly gateway: NamespacedName },
): RequestAnswer {
  const rule = ruleOf(view, entry);
  if (rule === undefined) throw new Error(`bug: no rule ${entry.rule} of ${entry.route}`);
  const { namespace } = entry;
  return ruleAnswer(rule, entry, {
    ...asked,
    closed: (cluster) => closedBackend(view, { gateway, cluster, namespace }),
  });
}

function nothingFits(found: FoundHost | undefined): RequestAnswer {
  if (found?.kind === "misdirected") {
    return { kind: "misdirected", status: 421, reason: "The host belongs to another listener of the port" };
  }
  if (found === undefined) return notFound("No listener and no route has the host");
  if (found.host.entries.length === 0) return notFound("No route answers the host");
  return notFound("No match of the host's routes fits the request");
}

function notFound(reason: string): RequestAnswer {
  return { kind: "notFound", status: 404, reason };
}

function noConnection(reason: string): RequestAnswer {
  return { kind: "noConnection", reason };
}

function ended(head: Head, answer: RequestAnswer): GatewayExplanation {
  return { ...head, answer, rivals: [], withheld: [] };
}

/** What fits under wider hostnames of the same table, and does not answer under the one that was found. */
function widerEntries(view: RoutingView, hosts: readonly FoundHost[], request: ReadRequest): readonly FittingEntry[] {
  const [found, ...wider] = hosts;
  const here = found?.kind === "host" ? found.host.entries : [];
  const known = new Set(here.map(({ route, id }) => `${route} ${id}`));
  return wider
    .flatMap((each) => (each.kind === "host" ? [...fittingEntries(view, each.host, request)] : []))
    .filter(({ entry }) => {
      const key = `${entry.route} ${entry.id}`;
      return !known.has(key) && known.add(key).size > 0;
    });
}

/** What fits in tables of other listeners of the port that also cover the host. */
function elsewhere(
  view: RoutingView,
  gateway: NamespacedName,
  { table, request }: Pick<Place, "table" | "request">,
): readonly FittingEntry[] {
  if (table.scheme === "http") return [];
  const others = (view.gateways.get(gateway)?.listeners ?? []).filter(
    (listener) => listener.served && listener.port === table.port && tableOf(listener) !== table.table,
  );
  return [...new Set(others.map(tableOf))].sort().flatMap((name) => {
    const other = view.tables.get(gatewayResourceKey(gateway, name));
    const hosts = other === undefined ? [] : findHosts(view, other, request.host);
    return hosts.flatMap((each) => (each.kind === "host" ? [...fittingEntries(view, each.host, request)] : []));
  });
}

function hostnameOf(found: FoundHost): string {
  return found.kind === "host" ? found.host.hostname : found.hostname;
}

function chainListener({ listeners }: GatewayNode, { table, tls }: HttpChain): Listener | undefined {
  if (tls === undefined) return undefined;
  return listeners.find((listener) => listener.served && tableOf(listener) === table);
}

function hostListener({ listeners }: GatewayNode, { table }: RouteTable, { host }: ReadRequest): Listener | undefined {
  return listeners
    .filter((listener) => listener.served && tableOf(listener) === table && covers(listener.hostname, host))
    .sort((a, b) => compareSpecificity(a.hostname, b.hostname))[0];
}

function withListener(head: Head, listener: Listener | undefined): Head {
  return listener === undefined ? head : { ...head, listener: listenerNameOf(listener) };
}
