import { Translator } from "../../src/app/translator.ts";
import type { GatewayExplanation, RequestAnswer, RequestQuestion } from "../../src/core/explanation.ts";
import { namespacedName } from "../../src/core/keys.ts";
import { decide } from "../../src/translate/decide/decide.ts";
import type { RoutingView } from "../../src/translate/pipeline.ts";
import { readManifests } from "../../src/watch/manifests.ts";
import { startLiveGateway } from "../golden/live-gateway.ts";
import { createCertificateAuthority, issueCertificate } from "../support/certificates.ts";
import { eventually } from "../support/envoy.ts";
import { base64 } from "../support/gateway-objects.ts";
import { questionAt } from "./questions.ts";
import { createRandom } from "./random.ts";
import { ask, type Received } from "./raw-client.ts";
import { type RouteSet, routeSet } from "./route-sets.ts";

/** A request that the model and a real proxy answer differently, for people. */
export interface Difference {
  readonly question: RequestQuestion;
  readonly decided: GatewayExplanation | undefined;
  readonly seen: unknown;
}

export interface Agreement {
  readonly sets: number;
  readonly compared: number;
  /** How often each kind of answer was decided. */
  readonly kinds: ReadonlyMap<string, number>;
  /** Tables that were cut by hostname. */
  readonly scopedTables: number;
  readonly differences: readonly Difference[];
}

const requestsPerSet = 40;
const controllerName = "gatehouse.dev/test";
const gateway = namespacedName("infra", "gateway");

/** Compares so many sets, 40 requests each, with real proxies. */
export async function compareWithEnvoy(sets: number, seed: number): Promise<Agreement> {
  const random = createRandom(seed);
  const secret = await certificateManifest();
  const total = { sets: 0, compared: 0, kinds: new Map<string, number>(), scopedTables: 0 };
  const differences: Difference[] = [];
  while (total.sets < sets) {
    const batch = nextBatch(total.sets, sets, random);
    const questions = batch.flatMap((set) => Array.from({ length: requestsPerSet }, () => questionAt(random, set)));
    const result = await compareBatch([secret, foundationText, manifestsOf(batch)].join("\n---\n"), questions);
    differences.push(...result.differences);
    for (const kind of result.kinds) total.kinds.set(kind, (total.kinds.get(kind) ?? 0) + 1);
    total.sets += batch.length;
    total.compared += questions.length;
    total.scopedTables += result.scopedTables;
  }
  return { ...total, differences };
}

/** As many sets as a Gateway has listeners for; every second batch is of several namespaces. */
function nextBatch(first: number, end: number, random: ReturnType<typeof createRandom>): readonly RouteSet[] {
  const namespaces = random.chance(50) ? ["infra"] : ["infra", "team-a", "team-b"];
  const batch: RouteSet[] = [];
  let listeners = 0;
  for (let index = first; index < end; index += 1) {
    const set = routeSet(random, { index, namespaces, scoped: batch.length === 0 && random.chance(35) });
    listeners += set.listeners.length;
    if (listeners > 64) break;
    batch.push(set);
  }
  return batch;
}

async function compareBatch(text: string, questions: readonly RequestQuestion[]) {
  const manifests = [{ path: "sets.yaml", text }];
  const view = routingOf(text);
  const options = { controllerName, placement: { kind: "standalone", bindAddresses: ["127.0.0.1"] } as const };
  const live = await startLiveGateway(gateway, manifests, { ...options, backends: new Map() });
  try {
    const received = await ask(live.addresses[0] ?? "", questions, (place) => `mark-${place}`);
    const logged = await readLog(live.envoy.accessLog, received);
    const decided = questions.map((question) => decide(view, question).gateways[0]);
    const differences = questions.flatMap((question, place): readonly Difference[] => {
      const seen = look(received[place] ?? "noConnection", logged.get(`mark-${place}`));
      return agrees(decided[place], seen) ? [] : [{ question, decided: decided[place], seen }];
    });
    const scopedTables = [...view.tableModes.entries()].filter(([, mode]) => mode === "scoped").length;
    return { differences, kinds: decided.map((each) => each?.answer.kind ?? "nothing"), scopedTables };
  } finally {
    await live.stop();
  }
}

/** The model's world, from the same manifests. */
export function routingOf(text: string): RoutingView {
  const { objects, problems } = readManifests([{ path: "sets.yaml", text }]);
  if (problems.length > 0) throw new Error(problems.map(({ object, message }) => `${object}: ${message}`).join("\n"));
  const placement = { kind: "standalone", bindAddresses: ["127.0.0.1"] } as const;
  const translator = new Translator({ controllerName, placement });
  for (const { kind, name, object } of objects) translator.set(kind, name, object);
  translator.flush();
  return translator.routing;
}

/** What of an access log's line is compared. */
interface LoggedRequest {
  readonly route_name: string | null;
  readonly backend: string | null;
}

async function readLog(lines: () => readonly string[], received: readonly Received[]) {
  const logged = new Map<string, LoggedRequest>();
  const expected = received.flatMap((answer, place) => (isLogged(answer) ? [`mark-${place}`] : []));
  let read = 0;
  await eventually("every request is in the access log", () => {
    const all = lines();
    for (; read < all.length; read += 1) {
      // One object a line, in our own format.
      const line = JSON.parse(all[read] ?? "{}") as LoggedRequest & { readonly user_agent: string | null };
      if (line.user_agent !== null) logged.set(line.user_agent, line);
    }
    return expected.every((mark) => logged.has(mark));
  });
  return logged;
}

/** A request that was malformed may be logged without its headers. */
function isLogged(answer: Received): boolean {
  return answer !== "noConnection" && answer.status !== 400;
}

interface Seen {
  readonly status?: number;
  readonly location?: string;
  readonly route?: string;
  readonly backend?: string;
}

function look(answer: Received, logged: LoggedRequest | undefined): Seen {
  if (answer === "noConnection") return {};
  const location = answer.headers.get("location")?.[0];
  const route = logged?.route_name ?? undefined;
  const backend = logged?.backend ?? undefined;
  return { status: answer.status, ...(location && { location }), ...(route && { route }), ...(backend && { backend }) };
}

function agrees(decided: GatewayExplanation | undefined, seen: Seen): boolean {
  if (decided === undefined) return false;
  const { winner, answer } = decided;
  // Of what the proxy answers itself it logs a route that the request might have had.
  if (answer.kind === "rejected" || answer.kind === "normalized") return answerAgrees(answer, seen);
  if (winner !== undefined) {
    const { route, rule, ruleName } = winner;
    const name = `${route.kind.toLowerCase()}/${route.namespace}/${route.name}/rule/${rule}${ruleName === undefined ? "" : `/${ruleName}`}`;
    if (seen.route !== name) return false;
  } else if (seen.route !== undefined && seen.route !== "misdirected") {
    return false;
  }
  return answerAgrees(answer, seen, winner?.route.kind === "GRPCRoute" ? calls : requests);
}

/** How routes of a kind are forwarded. */
interface Forwarding {
  /** What the share of a backend answers that cannot be used. */
  readonly unusable: number;
  /** What stands behind the port in the name of a cluster. */
  readonly protocol: string;
}

const requests: Forwarding = { unusable: 500, protocol: "" };
const calls: Forwarding = { unusable: 503, protocol: "/http2" };

function answerAgrees(answer: RequestAnswer, seen: Seen, forwarding: Forwarding = requests): boolean {
  switch (answer.kind) {
    case "noConnection":
      return seen.status === undefined;
    case "redirect":
    case "normalized":
      return seen.status === answer.status && seen.location === answer.location;
    case "forward":
      return answer.backends.some(({ service, port }) =>
        service === undefined
          ? seen.status === forwarding.unusable
          : seen.status === 503 &&
            seen.backend === `${service.namespace}/${service.name}/${port}${forwarding.protocol}`,
      );
    case "forwarded":
      // What is forwarded as it is answers nothing by itself.
      return false;
    case "split":
      return answer.shares.some((share) => answerAgrees(share.answer, seen, forwarding));
    default:
      return seen.status === answer.status;
  }
}

/** Sets as manifests, behind the Gateway that they share. */
export function manifestsOf(batch: readonly RouteSet[]): string {
  const gatewayObject = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "gateway", namespace: "infra" },
    spec: { gatewayClassName: "gatehouse", listeners: batch.flatMap(({ listeners }) => listeners) },
  };
  // JSON is YAML.
  return [gatewayObject, ...batch.flatMap(({ routes }) => routes)].map((each) => JSON.stringify(each)).join("\n---\n");
}

const namespaces = ["infra", "team-a", "team-b"];

/** The class, and the Services that the sets name. */
export const foundationText = [
  {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: "gatehouse" },
    spec: { controllerName },
  },
  ...namespaces.flatMap((namespace) =>
    ["a", "b", "c"].map((name) => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    })),
  ),
]
  .map((object) => JSON.stringify(object))
  .join("\n---\n");

async function certificateManifest(): Promise<string> {
  const authority = await createCertificateAuthority();
  const { certificatePem, keyPem } = await issueCertificate(authority, { names: ["*.test"] });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Secret",
    type: "kubernetes.io/tls",
    metadata: { name: "certificate", namespace: "infra" },
    data: { "tls.crt": base64(certificatePem), "tls.key": base64(keyPem) },
  });
}
