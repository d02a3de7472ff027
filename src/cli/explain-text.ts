import { assertNever } from "../core/assert-never.ts";
import type {
  ExplainedBackend,
  ExplainedMatch,
  GatewayExplanation,
  ListenerName,
  ObjectName,
  RequestAnswer,
  RequestExplanation,
} from "../core/explanation.ts";
import type { HttpRouteMatch, HttpValueMatch } from "../core/gateway-api.ts";
import { hiddenText, isHidden } from "../core/hidden-object.ts";
import { printable } from "./text-table.ts";

/** Prints how a request is answered, Gateway by Gateway. */
export function requestText({ question, gateways }: RequestExplanation): string {
  const { method, scheme, host, path, port } = question;
  const asked = `${method} ${scheme}://${host}${path} on port ${port}`;
  if (gateways.length === 0) {
    const { gateway } = question;
    const who =
      gateway === undefined
        ? "no Gateway has a listener on that port. The port of the listener counts, not one that a proxy binds or publishes"
        : `no Gateway ${gateway.namespace}/${gateway.name}`;
    return lines([`${asked}: ${who}`]);
  }
  return lines([asked, ...gateways.flatMap(gatewayLines)]);
}

function gatewayLines(explanation: GatewayExplanation): readonly string[] {
  const { gateway, listener, virtualHost, normalizedPath, answer, winner, rivals, withheld } = explanation;
  const { forwarder, forwardRivals = [] } = explanation;
  return [
    "",
    objectText(gateway),
    ...(listener === undefined ? [] : [`  listener      ${listenerText(listener)}`]),
    ...(virtualHost === undefined ? [] : [`  virtual host  ${virtualHost}`]),
    ...(normalizedPath === undefined ? [] : [`  path          ${normalizedPath}, once it is normalised`]),
    ...(winner === undefined ? [] : [`  rule          ${matchText(winner)}`]),
    ...(forwarder === undefined ? [] : [`  route         ${objectText(forwarder)}`]),
    `  answer        ${answerText(answer)}`,
    ...(forwardRivals.length === 0 ? [] : ["  routes that it would go to, and what decided against them"]),
    ...forwardRivals.map(({ route, criterion }) => `    ${objectText(route)}: ${criterion}`),
    ...(rivals.length === 0 ? [] : ["  rivals, and what decided against them"]),
    ...rivals.map((rival) => `    ${matchText(rival)}: ${rival.criterion}`),
    ...(withheld.length === 0 ? [] : ["  withheld, because somebody else owns the hostname or the path"]),
    ...withheld.map((match) => `    ${matchText(match)}${match.refusal ? `: ${match.refusal.message}` : ""}`),
  ];
}

/** An object for people: `HTTPRoute shop/cart`, or that it is another namespace's. */
export function objectText(object: ObjectName): string {
  const { kind, namespace, name } = object;
  return isHidden(object) ? `${kind} of ${namespace}` : `${kind} ${namespace}/${name}`;
}

/** A listener for people. */
export function listenerText({ parent, name, port, protocol, hostname }: ListenerName): string {
  const where = parent.kind === "Gateway" ? "" : ` of ${objectText(parent)}`;
  return `${name}${where}, ${protocol} port ${port}, ${hostname === "" ? "every hostname" : `hostname ${hostname}`}`;
}

function matchText({ route, rule, ruleName, matchIndex, match, hostname }: ExplainedMatch): string {
  if (isHidden(route)) return objectText(route);
  const named = ruleName === undefined ? "" : ` (${ruleName})`;
  return `${objectText(route)} rule ${rule}${named} match ${matchIndex}, ${matchWords(match)} on ${hostname}`;
}

/** What a match asks for: `GET prefix /a, header x=1`. */
export function matchWords({ path, method, headers = [], queryParams = [] }: HttpRouteMatch): string {
  const types = { Exact: "exact", PathPrefix: "prefix", RegularExpression: "pattern" } as const;
  const value = ({ type, name, value: wanted }: HttpValueMatch) => `${name}${type === "Exact" ? "=" : "~"}${wanted}`;
  return [
    `${method === undefined ? "" : `${method} `}${types[path.type]} ${path.value}`,
    ...headers.map((header) => `header ${value(header)}`),
    ...queryParams.map((parameter) => `query ${value(parameter)}`),
  ].join(", ");
}

function answerText(answer: RequestAnswer): string {
  switch (answer.kind) {
    case "noConnection":
      return `no connection: ${answer.reason}`;
    case "rejected":
    case "notFound":
    case "misdirected":
      return `${answer.status}: ${answer.reason}`;
    case "normalized":
      return `${answer.status} to ${answer.location}: ${answer.reason}`;
    case "error":
      return `${answer.status}: ${answer.reason}${answer.message === undefined ? "" : ` (${answer.message})`}`;
    case "corsPreflight":
      return `${answer.status}, by CORS: the origin is ${answer.allowed ? "" : "not "}allowed`;
    case "redirect":
      return `${answer.status} to ${answer.location}`;
    case "forward":
      // A route that the reader may not see names no backends.
      return answer.backends.length === 0 ? `a backend of ${hiddenText}` : backendsText(answer.backends);
    case "forwarded": {
      const backends =
        answer.backends.length === 0 ? `a backend of ${hiddenText}` : backendsText(answer.backends, "closed");
      return `the connection is forwarded to ${backends}`;
    }
    case "split":
      return answer.shares.map((share) => `${share.weight} × ${answerText(share.answer)}`).join("; ");
    default:
      return assertNever(answer);
  }
}

/** Backends with their weights, where there are several; `refused` is what stands for one that cannot be used. */
export function backendsText(backends: readonly ExplainedBackend[], refused = "500"): string {
  return backends
    .map(({ service, port, weight, message }) => {
      const why = message ?? (service === undefined ? "an invalid backend" : undefined);
      const what = service === undefined ? refused : `${objectText(service)}:${port}`;
      const name = why === undefined ? what : `${what} (${why})`;
      return backends.length === 1 && weight === 1 ? name : `${weight} × ${name}`;
    })
    .join(", ");
}

/** Joins lines of which others have written parts. */
export function lines(parts: readonly string[]): string {
  return parts.map((line) => `${printable(line)}\n`).join("");
}
