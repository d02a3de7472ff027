import { assertNever } from "../core/assert-never.ts";
import type {
  ExplainedHost,
  ExplainedMatch,
  ExplainedRefusal,
  ForwardingRival,
  GatewayExplanation,
  ListenerExplanation,
  ListenerName,
  ObjectName,
  ReachedMatch,
  RequestAnswer,
  RequestExplanation,
  Rival,
  RouteExplanation,
  WithheldMatch,
} from "../core/explanation.ts";
import { hiddenObject, hiddenText, isHidden } from "../core/hidden-object.ts";
import { type Hostname, normalizeHostname } from "../core/hostname.ts";
import { hideLeftovers, tellOnce } from "./hide-objects.ts";

/** Whether the reader may see an object. */
export type Sees = (object: ObjectName) => boolean;

/**
 * The same explanation for a reader who may not see everything: that there is a rival stays, and what decided; whose it
 * is goes, with everything that its owner wrote. Every field is copied by name, so what is new is hidden until it is
 * thought about.
 */
export function redactRequest({ question, gateways }: RequestExplanation, sees: Sees): RequestExplanation {
  const redacted = gateways.map((each) => redactGateway(each, { sees, asked: question.host }));
  const distinct = tellOnce(redacted, ({ gateway }) => isHidden(gateway));
  return { question, gateways: hideLeftovers(distinct, gateways) };
}

/** The same for a reader who may see the route. The parents that it names are no secret to them. */
export function redactRoute(explanation: RouteExplanation, sees: Sees): RouteExplanation {
  const { route, found, generation, parents, rules, partiallyInvalid } = explanation;
  const named = new Set(parents.map(({ parent }) => JSON.stringify([parent.kind, parent.namespace, parent.name])));
  const knows: Sees = (object) =>
    sees(object) || named.has(JSON.stringify([object.kind, object.namespace, object.name]));
  const redacted: RouteExplanation = {
    route,
    found,
    ...(generation !== undefined && { generation }),
    parents: parents.map(({ parent, sectionName, port, attached, reason, message, listeners, refusals }) => ({
      parent,
      ...(sectionName !== undefined && { sectionName }),
      ...(port !== undefined && { port }),
      attached,
      ...(reason !== undefined && { reason }),
      ...(message !== undefined && { message }),
      listeners: tellOnce(
        listeners.map((listener) => redactRouteListener(listener, { sees, knows, sectionName })),
        ({ listener }) => listener.name === hiddenText,
      ),
      refusals: refusals.map((refusal) => redactRefusal(refusal, sees)),
    })),
    rules: rules.map(({ index, name, kind, backends, message }) => ({
      index,
      ...(name !== undefined && { name }),
      kind,
      // The route names them itself.
      backends,
      ...(message !== undefined && { message }),
    })),
    ...(partiallyInvalid !== undefined && { partiallyInvalid }),
  };
  return hideLeftovers(redacted, explanation);
}

/** Who reads, and the host that they have named themselves. */
interface Reader {
  readonly sees: Sees;
  readonly asked: string;
}

function redactGateway(explanation: GatewayExplanation, reader: Reader): GatewayExplanation {
  const { gateway, envoyListener, listener, virtualHost, normalizedPath, answer, winner, rivals, withheld } =
    explanation;
  const { forwarder, forwardRivals } = explanation;
  const { sees } = reader;
  const answering = winner?.route ?? forwarder;
  const isOwn = answering !== undefined && sees(answering);
  const shown = [winner, ...rivals, ...withheld].filter((match) => match !== undefined && sees(match.route));
  const isKnown =
    virtualHost !== undefined &&
    (isAsked(virtualHost, reader.asked) || shown.some((match) => match?.hostname === virtualHost));
  return {
    gateway: redactObject(gateway, sees),
    ...(envoyListener !== undefined && sees(gateway) && { envoyListener }),
    ...(listener && { listener: redactListener(listener, sees) }),
    ...(virtualHost !== undefined && { virtualHost: isKnown ? virtualHost : hiddenText }),
    ...(normalizedPath !== undefined && { normalizedPath }),
    // A route names its backends itself.
    answer: isOwn ? answer : foreignAnswer(answer, forwarder !== undefined),
    ...(winner && { winner: redactMatch(winner, reader) }),
    ...(forwarder && { forwarder: redactObject(forwarder, sees) }),
    ...(forwardRivals && {
      forwardRivals: once(forwardRivals.map((rival) => among(answering, redactForwarding(rival, sees), sees))),
    }),
    rivals: once(rivals.map((rival) => among(answering, redactRival(rival, reader), sees))),
    withheld: once(withheld.map((match) => redactWithheld(match, reader))),
  };
}

/** What decided between two routes of others would tell how they are written. */
function among<T extends ForwardingRival>(winner: ObjectName | undefined, rival: T, sees: Sees): T {
  const isOurs = winner === undefined || sees(winner) || !isHidden(rival.route);
  return isOurs ? rival : { ...rival, criterion: "decided among others" };
}

function once<T extends { readonly route: ObjectName }>(entries: readonly T[]): readonly T[] {
  return tellOnce(entries, ({ route }) => isHidden(route));
}

function redactForwarding({ route, criterion }: ForwardingRival, sees: Sees): ForwardingRival {
  return { route: redactObject(route, sees), criterion };
}

function redactObject(object: ObjectName, sees: Sees): ObjectName {
  const { kind, namespace, name } = object;
  return sees(object) ? { kind, namespace, name } : hiddenObject(kind);
}

function redactListener({ parent, name, port, protocol, hostname }: ListenerName, sees: Sees): ListenerName {
  if (sees(parent)) return { parent: redactObject(parent, sees), name, port, protocol, hostname };
  return { parent: hiddenObject(parent.kind), name: hiddenText, port, protocol, hostname: hiddenHostname };
}

/** Where a hostname has to be, and none may be told: it is marked as no hostname is spelled. */
const hiddenHostname: Hostname = hiddenText;

function redactMatch(
  { route, rule, ruleName, matchIndex, match, hostname }: ExplainedMatch,
  reader: Reader,
): ExplainedMatch {
  if (reader.sees(route)) {
    return { route, rule, ...(ruleName !== undefined && { ruleName }), matchIndex, match, hostname };
  }
  return {
    route: hiddenObject(route.kind),
    rule: -1,
    matchIndex: -1,
    match: { path: { type: "PathPrefix", value: hiddenText } },
    hostname: isAsked(hostname, reader.asked) ? hostname : hiddenText,
  };
}

function redactRival(rival: Rival, reader: Reader): Rival {
  return { ...redactMatch(rival, reader), criterion: rival.criterion };
}

function redactWithheld(match: WithheldMatch, reader: Reader): WithheldMatch {
  const { refusal, route } = match;
  const told = refusal !== undefined && reader.sees(route);
  return { ...redactMatch(match, reader), ...(told && { refusal: redactRefusal(refusal, reader.sees) }) };
}

/** Of an object that the reader sees: only who has the hostname may be hidden. */
function redactRefusal(
  { hostname, path, criterion, message, enforced, holder }: ExplainedRefusal,
  sees: Sees,
): ExplainedRefusal {
  const own = { hostname, ...(path && { path }), criterion, message, enforced };
  return holder === undefined ? own : { ...own, holder: redactObject(holder, sees) };
}

/** What a client finds out by sending the request, and nothing else. */
function foreignAnswer(answer: RequestAnswer, isForwarded: boolean): RequestAnswer {
  switch (answer.kind) {
    case "forward":
    case "split":
      return { kind: "forward", backends: [] };
    case "forwarded":
      return { kind: "forwarded", backends: [] };
    case "redirect":
      return { kind: "redirect", status: answer.status, location: hiddenText };
    case "error":
      return { kind: "error", status: answer.status, reason: "The rule cannot be served" };
    case "noConnection":
      return isForwarded ? { kind: "noConnection", reason: "The connection is closed" } : answer;
    case "corsPreflight":
    case "rejected":
    case "normalized":
    case "notFound":
    case "misdirected":
      return answer;
    default:
      return assertNever(answer);
  }
}

function redactRouteListener(
  { listener, attached, reason, hosts, acknowledgement }: ListenerExplanation,
  { sees, knows, sectionName }: { readonly sees: Sees; readonly knows: Sees; readonly sectionName: string | undefined },
): ListenerExplanation {
  const { parent, name, port, protocol } = listener;
  // Anybody may name any parent: only whom it admits is told its listeners' names, and nobody what hostnames they have.
  const isKnown = knows(parent) && (attached || name === sectionName);
  const told = { parent: redactObject(parent, knows), name: hiddenText, port: 0, protocol: hiddenText };
  const own: ListenerName = { ...told, ...(isKnown && { name, port, protocol }), hostname: hiddenHostname };
  return {
    listener: sees(parent) ? listener : own,
    attached,
    ...(reason !== undefined && knows(parent) && { reason }),
    hosts: hosts.map((host) => redactHost(host, sees)),
    ...(acknowledgement &&
      (attached || sees(parent)) && {
        acknowledgement: {
          connected: acknowledgement.connected,
          acknowledged: acknowledgement.acknowledged,
          ...(acknowledgement.silentReplicas !== undefined && { silentReplicas: acknowledgement.silentReplicas }),
          // In Envoy's words, which may be about anybody's part of the configuration.
          refusals: acknowledgement.refusals.map(() => hiddenRefusal),
        },
      }),
  };
}

const hiddenRefusal = "a proxy has refused a part of it; what it said is shown to who may list all routes";

function redactHost({ hostname, written, matches, shadowedBy }: ExplainedHost, sees: Sees): ExplainedHost {
  return {
    ...{ hostname, written },
    matches: matches.map((match) => redactReached(match, { sees, asked: hostname })),
    ...(shadowedBy && { shadowedBy: redactForwarding(shadowedBy, sees) }),
  };
}

function redactReached(
  { rule, ruleName, matchIndex, match, state, shadowedBy }: ReachedMatch,
  reader: Reader,
): ReachedMatch {
  const own = { rule, ...(ruleName !== undefined && { ruleName }), matchIndex, match, state };
  return shadowedBy === undefined ? own : { ...own, shadowedBy: redactRival(shadowedBy, reader) };
}

/** Whether a hostname is what the reader has named themselves, or says nothing. */
function isAsked(hostname: string, asked: string): boolean {
  return hostname === "*" || hostname === normalizeHostname(asked);
}
