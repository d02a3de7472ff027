import type { ConvergenceName, Explainer, RouteName } from "../admin/explainer.ts";
import type { ConvergenceQuestion, ConvergenceReport, ReplicaCounts } from "../core/convergence.ts";
import type { Acknowledgement, RouteExplanation } from "../core/explanation.ts";
import { type NamespacedName, namespacedName, objectKey } from "../core/keys.ts";
import type { Convergence } from "./convergence.ts";
import { newestGeneration, reportConvergence, sumCounts } from "./convergence-report.ts";
import { explainRequest, explainRoute } from "./explain.ts";
import { findObstacle, namedGateways } from "./obstacle.ts";
import type { Translator } from "./translator.ts";

/** Asks all other replicas: the answers of each, undefined for one that did not answer. */
export type AskReplicas = (
  questions: readonly ConvergenceQuestion[],
) => Promise<readonly (readonly ReplicaCounts[] | undefined)[]>;

export interface ExplainerSources {
  readonly translator: Pick<Translator, "routing" | "dataPlane">;
  readonly convergence: Pick<Convergence, "answer">;
  /** Absent where there is one process only. */
  readonly askReplicas?: AskReplicas;
}

/** Explains what a translation last made. Nothing is computed before somebody asks. */
export function createExplainer(sources: ExplainerSources): Explainer {
  const { translator } = sources;
  return {
    explainRequest: (question) => explainRequest(translator.routing, question),
    explainRoute: (route) => explainForAll(sources, route),
    convergence: (object) => describeConvergence(sources, object),
  };
}

async function describeConvergence(sources: ExplainerSources, asked: ConvergenceName): Promise<ConvergenceReport> {
  const { translator, convergence, askReplicas = nobody } = sources;
  const object = objectKey(asked.kind, namespacedName(asked.namespace, asked.name));
  const question = { kind: "object", object } as const;
  const others = await askReplicas([question]);
  return reportConvergence({
    object,
    own: convergence.answer(question),
    others: others.map((answers) => answers?.[0]),
    obstacle: findObstacle(translator.routing, object),
    named: namedGateways(translator.routing, object),
  });
}

/** Explains a route with what the proxies of all replicas have acknowledged of it. */
async function explainForAll(
  { translator, convergence, askReplicas = nobody }: ExplainerSources,
  { kind, namespace, name }: RouteName,
): Promise<RouteExplanation> {
  const object = objectKey(kind, namespacedName(namespace, name));
  const questions: ConvergenceQuestion[] = [];
  // What is forwarded as it is stands in no table: the route is asked about as a whole.
  const questionOf = (gateway: NamespacedName, hosts: readonly string[]): ConvergenceQuestion =>
    hosts.length === 0 ? { kind: "object", object } : { kind: "hosts", object, gateway, hosts };
  explainRoute(translator.routing, object, (gateway, hosts) => {
    questions.push(questionOf(gateway, hosts));
    return undefined;
  });
  const others = questions.length === 0 ? [] : await askReplicas(questions);
  const keys = questions.map((question) => JSON.stringify(question));
  return explainRoute(translator.routing, object, (gateway, hosts) => {
    const question = questionOf(gateway, hosts);
    // What has changed meanwhile, the others were not asked about.
    const index = keys.indexOf(JSON.stringify(question));
    const heard = others.flatMap((answers) => answers?.[index] ?? []);
    const counts = [convergence.answer(question), ...heard];
    const silent = others.length - heard.length;
    return acknowledgementOf({ gateway, counts, silent, refusals: refusalsOf(translator, gateway) });
  });
}

interface HeardOfHosts {
  readonly gateway: NamespacedName;
  readonly counts: readonly ReplicaCounts[];
  readonly silent: number;
  readonly refusals: readonly string[] | undefined;
}

function acknowledgementOf({ gateway, counts, silent, refusals }: HeardOfHosts): Acknowledgement | undefined {
  const sums = sumCounts(counts, newestGeneration(counts));
  const sum = sums.get(gateway) ?? { connected: 0, acknowledged: 0 };
  // Nobody has heard of the Gateway's proxies.
  if (sum.connected === 0 && silent === 0 && refusals === undefined) return undefined;
  return { ...sum, refusals: refusals ?? [], ...(silent > 0 && { silentReplicas: silent }) };
}

function refusalsOf(
  translator: ExplainerSources["translator"],
  gateway: NamespacedName,
): readonly string[] | undefined {
  const refusals = translator.dataPlane(gateway)?.refusals;
  return refusals && [...refusals].map(([resource, text]) => `${resource}: ${text}`).sort();
}

async function nobody(): Promise<readonly []> {
  return [];
}
