import type {
  ExplainedBackend,
  GatewayExplanation,
  RequestAnswer,
  RequestExplanation,
  RequestQuestion,
} from "../../core/explanation.ts";
import type { Hostname } from "../../core/hostname.ts";
import { type Kind, type NamespacedName, namespacedName, objectKey, parseNamespacedName } from "../../core/keys.ts";
import type { AnswerChange, ProbeAnswer, ProbeRequest } from "../../core/world-diff.ts";
import type { RoutingView } from "../../translate/pipeline.ts";
import { changedHosts, hostPlaces, type PortHosts, placeAt } from "./host-places.ts";
import type { IsForeign } from "./owners.ts";
import { probesOf } from "./probes.ts";
import type { Snapshot } from "./snapshot.ts";

/** The model of routing that says how a request is answered. */
export type Decide = (view: RoutingView, question: RequestQuestion) => RequestExplanation;

/** The probe requests that are answered otherwise, and what could not be asked. */
export interface AnswerChanges {
  readonly changes: readonly AnswerChange[];
  /** Matches with a regular expression that no request was found for. */
  readonly unprobed: number;
}

/** Asks both worlds the requests at the boundaries of all matches of the hostnames that changed. */
export function changedAnswers(
  before: Snapshot,
  after: Snapshot,
  { decide, isForeign }: { readonly decide: Decide; readonly isForeign: IsForeign },
): AnswerChanges {
  const old = hostPlaces(before.routing);
  const young = hostPlaces(after.routing);
  const none: PortHosts = new Map();
  const changes: AnswerChange[] = [];
  let unprobed = 0;
  for (const port of [...new Set([...old.keys(), ...young.keys()])].sort()) {
    const probes = probesOfPort(old.get(port) ?? none, young.get(port) ?? none);
    unprobed += probes.unprobed;
    for (const { gateway, request } of probes.list) {
      const question = questionOf(gateway, request);
      const [was, is] = [before, after].map(({ routing }) => decide(routing, question).gateways[0]);
      if (signature(was) === signature(is)) continue;
      const [oldAnswer, newAnswer] = [answerOf(was), answerOf(is)];
      const foreign = isForeign(oldAnswer.route) || isForeign(newAnswer.route);
      changes.push({ gateway, request, before: oldAnswer, after: newAnswer, foreign });
    }
  }
  return { changes, unprobed };
}

interface PortProbes {
  readonly list: readonly { readonly gateway: NamespacedName; readonly request: ProbeRequest }[];
  readonly unprobed: number;
}

function probesOfPort(before: PortHosts, after: PortHosts): PortProbes {
  const list = new Map<string, PortProbes["list"][number]>();
  let unprobed = 0;
  for (const hostname of changedHosts(before, after)) {
    for (const { place, match } of matchesAt(before, after, hostname)) {
      const probes = probesOf(place, hostname, match);
      if (probes.unprobed) unprobed += 1;
      for (const request of probes.requests) list.set(JSON.stringify(request), { gateway: place.gateway, request });
    }
  }
  return { list: [...list.values()], unprobed };
}

/** All matches that a request for the hostname may meet in either world, each once. */
function matchesAt(before: PortHosts, after: PortHosts, hostname: Hostname) {
  const places = [placeAt(before, hostname), placeAt(after, hostname)].filter((place) => place !== undefined);
  const matches = places.flatMap((place) => place.entries.map(({ match }) => ({ place, match })));
  return new Map(matches.map((each) => [JSON.stringify(each.match), each])).values();
}

function questionOf(gateway: NamespacedName, request: ProbeRequest): RequestQuestion {
  const { namespace = "", name } = parseNamespacedName(gateway);
  const { host, scheme } = request;
  return { ...request, gateway: { namespace, name }, ...(scheme === "https" && { sni: host }) };
}

/** What a client notices: which rule says so does not count, nor do words. */
function signature(explanation: GatewayExplanation | undefined): string {
  if (explanation === undefined) return "nothing";
  return JSON.stringify(explanation.answer, (key, value: unknown) =>
    key === "reason" || key === "message" || key === "allowed" ? undefined : value,
  );
}

function answerOf(explanation: GatewayExplanation | undefined): ProbeAnswer {
  if (explanation === undefined) return { answer: "no connection" };
  const { answer, winner } = explanation;
  if (winner === undefined) return { answer: describeAnswer(answer) };
  const { kind, namespace, name } = winner.route;
  // Winners are routes that were translated: their kinds are ours.
  const route = objectKey(kind as Kind, namespacedName(namespace, name));
  return { answer: describeAnswer(answer), route, rule: winner.rule };
}

function describeAnswer(answer: RequestAnswer): string {
  switch (answer.kind) {
    case "noConnection":
      return "no connection";
    case "forward":
      return `forward to ${describeBackends(answer.backends)}`;
    case "forwarded":
      return `forward the connection to ${describeBackends(answer.backends)}`;
    case "redirect":
    case "normalized":
      return `${answer.status} to ${answer.location}`;
    case "corsPreflight":
      return `${answer.status} by CORS`;
    case "split":
      return answer.shares.map((share) => `${share.weight} × ${describeAnswer(share.answer)}`).join(", ");
    default:
      return String(answer.status);
  }
}

/** Names backends with their shares; `refusal` stands for one that cannot be used. */
export function describeBackends(backends: readonly ExplainedBackend[], refusal = "500"): string {
  const shown = backends.filter(({ weight }) => weight > 0);
  if (shown.length === 0) return "no backend";
  return shown
    .map(({ service, port, weight }) => {
      const name = service === undefined ? refusal : `${service.namespace}/${service.name}:${port}`;
      return shown.length === 1 ? name : `${name} (${weight})`;
    })
    .join(", ");
}
