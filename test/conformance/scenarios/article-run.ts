import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { AddressBlock } from "../../../demo/address-block.ts";
import { secretManifest } from "../../../demo/secret-manifest.ts";
import type { Article, FileAction, Step } from "../../../demo/step.ts";
import { createWorkspace, type Workspace } from "../../../demo/workspace.ts";
import { createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { applyDifference, teamsOf } from "./article-files.ts";
import { ask } from "./ask.ts";
import { addressOf, readObject } from "./gateway-status.ts";
import { expectedOf, type Observation, seenAnswer, seenCondition, seenLine } from "./observation.ts";
import { appointDeveloper, asAdministrator, entrustGateways } from "./people.ts";
import { type LoggedRequest, readAccessLog } from "./proxy-log.ts";

/** An article whose manifests are applied to a cluster, each by the person whose role its folder is. */
export interface ArticleRun {
  /** Does what a step says, and answers what was seen last: as expected, unless there was too little time for it. */
  take(step: Step): Promise<StepReport>;
  /** What the access log says of the last answers of the steps so far, beside what it should say. */
  accessLog(): Promise<{ readonly seen: readonly LoggedAnswer[]; readonly expected: readonly LoggedAnswer[] }>;
  remove(): void;
}

/** What is seen after a step, and what should be: equal, when all is well. */
export interface StepReport {
  readonly seen: Observation;
  readonly expected: Observation;
}

/** The route and rule of an answer, by the step that it was given in. */
export interface LoggedAnswer {
  readonly say: string;
  readonly served?: LoggedRequest["served"];
}

/** Applies an article's manifests, but for those that a step adds. */
export async function startArticle(bed: Bed, article: Article): Promise<ArticleRun> {
  const later = article.later.map((file) => join(article.folder, file));
  const workspace = createWorkspace({ examples, block: unmoved, folders: [article.folder], later, without: [] });
  const authority = await createCertificateAuthority("Gatehouse scenarios");
  for (const request of article.certificates) {
    const issued = await issueCertificate(authority, { names: request.hostnames });
    workspace.write(join(article.folder, request.file), secretManifest(request, issued));
  }
  const files = workspace.snapshot(article.folder);
  const isNamespaces = (path: string): boolean => path.endsWith("/namespaces.yaml");
  await applyDifference(bed, new Map(), new Map([...files].filter(([path]) => isNamespaces(path))));
  for (const team of teamsOf([...files.keys(), ...article.later])) await appointDeveloper(bed, team);
  for (const { secret } of article.certificates) await entrustGateways(bed, secret.split("/")[0] ?? "");
  await applyDifference(bed, new Map(), new Map([...files].filter(([path]) => !isNamespaces(path))));
  // Ages are whole seconds, and what a step adds is to be younger.
  await sleep(1_100);
  return new RunningArticle(bed, article, workspace, [authority.certificatePem]);
}

const examples = fileURLToPath(new URL("../../../examples/shared-gateways", import.meta.url));

/** The addresses of the examples are not used. */
const unmoved: AddressBlock = {
  prefix: "",
  place: (address) => address,
  placeAll: (text) => text,
  release: async () => undefined,
};

const stepSeconds = 60;

const nothing: Observation = { answers: [], conditions: [], table: [] };

class RunningArticle implements ArticleRun {
  readonly #bed: Bed;
  readonly #article: Article;
  readonly #workspace: Workspace;
  readonly #authorities: readonly string[];
  readonly #asked: { readonly step: Step; readonly token: string }[] = [];

  constructor(bed: Bed, article: Article, workspace: Workspace, authorities: readonly string[]) {
    this.#bed = bed;
    this.#article = article;
    this.#workspace = workspace;
    this.#authorities = authorities;
  }

  async take(step: Step): Promise<StepReport> {
    const { folder } = this.#article;
    const before = this.#workspace.snapshot(folder);
    // A proxy comes with its Gateway here, and other scenarios ask in the background.
    const isOfFile = (action: object): action is FileAction => "file" in action;
    this.#workspace.apply(folder, (step.do ?? []).filter(isOfFile));
    const touched = await applyDifference(this.#bed, before, this.#workspace.snapshot(folder));
    const expected = expectedOf(step);
    const deadline = performance.now() + stepSeconds * 1000;
    for (;;) {
      const token = randomUUID();
      const isLate = performance.now() > deadline;
      const seen = await this.#observe(step, token).catch((error: unknown) => {
        // Whoever answers may be on its way.
        if (isLate) throw error;
        return undefined;
      });
      const report = { seen: { ...(seen ?? nothing), ...(step.expect.touched && { touched }) }, expected };
      if (isLate || isDeepStrictEqual(report.seen, expected)) {
        if (step.request !== undefined) this.#asked.push({ step, token });
        return report;
      }
      await sleep(200);
    }
  }

  async accessLog(): Promise<{ readonly seen: readonly LoggedAnswer[]; readonly expected: readonly LoggedAnswer[] }> {
    const gateways = new Set(this.#asked.flatMap(({ step }) => step.request?.gateway ?? []));
    // Envoy writes its log every ten seconds.
    const lines = await waitFor("the access log of the last answers", () => this.#logged([...gateways]), 30);
    const seen = this.#asked.map(({ step: { say }, token }) => {
      const served = lines.find(({ path }) => path.includes(token))?.served;
      return { say, ...(served && { served }) };
    });
    const expected = this.#asked.map(({ step: { say, expect } }) => {
      const served = expect.answer?.served;
      return { say, ...(served && { served }) };
    });
    return { seen, expected };
  }

  remove(): void {
    this.#workspace.remove();
  }

  /** The lines of all that was asked; undefined while one is missing. */
  async #logged(gateways: readonly string[]): Promise<readonly LoggedRequest[] | undefined> {
    const logs = await Promise.all(gateways.map((gateway) => readAccessLog(this.#bed, gateway)));
    const lines = logs.flat();
    return this.#asked.every(({ token }) => lines.some(({ path }) => path.includes(token))) ? lines : undefined;
  }

  async #observe(step: Step, token: string): Promise<Observation> {
    const { conditions = [], table = [] } = step.expect;
    // First the conditions: they tell that an edit was read, so that the answers after it belong to it.
    const seen = await Promise.all(
      conditions.map(async (expected) => seenCondition(await readObject(this.#bed, expected.object), expected)),
    );
    const lines = await Promise.all(
      table.map(async ({ args, words }) => seenLine(await printStatus(this.#bed, args), words)),
    );
    return { answers: await this.#seeAnswers(step, token), conditions: seen, table: lines };
  }

  async #seeAnswers({ request, expect: { answer } }: Step, token: string): Promise<readonly unknown[]> {
    if (request === undefined || answer === undefined) return [];
    const address = await addressOf(this.#bed, request.gateway);
    if (address === undefined) return [`${request.gateway} has no address`];
    const { scheme, host, port } = request;
    if (scheme !== "http" && scheme !== "https") return [`${scheme} is not asked here`];
    const one = { scheme, host, port, address, path: `${request.path}?${token}`, authorities: this.#authorities };
    const answers = await ask(
      this.#bed,
      Array.from({ length: answer.times ?? 1 }, () => one),
    );
    return answers.map((seen) => seenAnswer(seen, answer));
  }
}

/** What `gatehouse status` prints in a pod of the control plane. */
function printStatus(bed: Bed, args: readonly string[]): Promise<string> {
  const { namespace, release } = gatehouse;
  const exec = ["exec", `--namespace=${namespace}`, `deployment/${release}`, "--"];
  return asAdministrator(bed, ...exec, "gatehouse", "status", ...args);
}
