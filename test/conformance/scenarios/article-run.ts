import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { AddressBlock } from "../../../demo/address-block.ts";
import type { FolderSnapshot } from "../../../demo/diff.ts";
import { secretManifest } from "../../../demo/secret-manifest.ts";
import type { Article, ExpectedCondition, Step } from "../../../demo/step.ts";
import { createWorkspace, type FileAction, type Workspace } from "../../../demo/workspace.ts";
import { createCertificateAuthority, issueCertificate } from "../../support/certificates.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { ask, backendOf, backendPathOf } from "./ask.ts";
import type { ClientAnswer } from "./client/request.ts";
import { clusterManifest } from "./cluster-manifest.ts";
import { addressOf, conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper, asAdministrator, deleteAs, entrustGateways, type Person } from "./people.ts";
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

/** As much of what can be seen as a step speaks of. */
export interface Observation {
  readonly answers: readonly unknown[];
  readonly conditions: readonly unknown[];
  readonly table: readonly string[];
  readonly touched?: readonly string[];
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
    const issued = await issueCertificate(authority, { names: [request.hostname] });
    workspace.write(join(article.folder, request.file), secretManifest(request, issued));
  }
  const files = workspace.snapshot(article.folder);
  const isNamespaces = (path: string): boolean => path.endsWith("/namespaces.yaml");
  await applyDifference(bed, new Map(), new Map([...files].filter(([path]) => isNamespaces(path))));
  const teams = article.backends.map(({ name }) => name.split("/")[0] ?? "");
  for (const team of new Set([...teams, ...teamsOf(files)])) await appointDeveloper(bed, team);
  for (const { secret } of article.certificates) await entrustGateways(bed, secret.split("/")[0] ?? "");
  await applyDifference(bed, new Map(), new Map([...files].filter(([path]) => !isNamespaces(path))));
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
    // A proxy comes with its Gateway here.
    const isOfFile = (action: { readonly kind: string }): action is FileAction => action.kind !== "proxy";
    this.#workspace.apply(folder, (step.do ?? []).filter(isOfFile));
    const touched = await applyDifference(this.#bed, before, this.#workspace.snapshot(folder));
    const expected = expectedOf(step);
    const deadline = performance.now() + stepSeconds * 1000;
    for (;;) {
      const token = randomUUID();
      const seen = { ...(await this.#observe(step, token)), ...(step.expect.touched && { touched }) };
      if (isDeepStrictEqual(seen, expected) || performance.now() > deadline) {
        if (step.request !== undefined) this.#asked.push({ step, token });
        return { seen, expected };
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
    const seen = await Promise.all(conditions.map((condition) => this.#seeCondition(condition)));
    const lines = await Promise.all(table.map(({ args, words }) => this.#seeLine(args, words)));
    return { answers: await this.#seeAnswers(step, token), conditions: seen, table: lines };
  }

  async #seeCondition(expected: ExpectedCondition): Promise<unknown> {
    const object = await readObject(this.#bed, expected.object);
    const found = conditionOf(object, expected.type, expected.parent);
    if (found === undefined) return `${expected.object} tells no ${expected.type}`;
    const { status, reason, observedGeneration } = found;
    return {
      ...expected,
      status,
      ...(expected.reason !== undefined && { reason }),
      ...(expected.generation !== undefined && { generation: observedGeneration }),
    };
  }

  async #seeLine(args: readonly string[], words: readonly string[]): Promise<string> {
    const { namespace, release } = gatehouse;
    const exec = ["exec", "--namespace", namespace, `deployment/${release}`, "--", "gatehouse", "status"];
    const printed = await asAdministrator(this.#bed, ...exec, ...args);
    const line = printed.split("\n").find((text) => words.every((word) => text.includes(word)));
    return line === undefined ? printed : words.join(" ");
  }

  async #seeAnswers({ request, expect }: Step, token: string): Promise<readonly unknown[]> {
    const { answer } = expect;
    if (request === undefined || answer === undefined) return [];
    const address = await addressOf(this.#bed, request.gateway);
    if (address === undefined) return [`${request.gateway} has no address`];
    const { scheme, host, port } = request;
    const path = `${request.path}?${token}`;
    const one = { scheme, host, port, path, address, authorities: this.#authorities };
    const answers = await ask(
      this.#bed,
      Array.from({ length: answer.times ?? 1 }, () => one),
    );
    return answers.map((seen) => seenOf(seen, step(answer)));
  }
}

type ExpectedAnswer = NonNullable<Step["expect"]["answer"]>;

/** Which optional things of an answer are compared. */
function step({ backendPath, header }: ExpectedAnswer): { readonly path: boolean; readonly header?: string } {
  return { path: backendPath !== undefined, ...(header && { header: header.name }) };
}

function seenOf(answer: ClientAnswer, compared: { readonly path: boolean; readonly header?: string }): unknown {
  if (answer.kind === "failed") return answer.message;
  return {
    status: answer.status,
    backend: backendOf(answer),
    ...(compared.path && { backendPath: backendPathOf(answer) }),
    ...(compared.header !== undefined && { header: answer.headers[compared.header] }),
  };
}

function expectedOf({ expect, request }: Step): Observation {
  const { answer, conditions = [], table = [], touched } = expect;
  const one = answer && {
    status: answer.status,
    backend: answer.backend,
    ...(answer.backendPath !== undefined && { backendPath: answer.backendPath }),
    ...(answer.header && { header: answer.header.value }),
  };
  return {
    answers: request === undefined || one === undefined ? [] : Array.from({ length: answer?.times ?? 1 }, () => one),
    conditions,
    table: table.map(({ words }) => words.join(" ")),
    ...(touched && { touched }),
  };
}

/** Has every file that is new or another applied by its owner, and what a file held deleted when it is gone. */
async function applyDifference(bed: Bed, before: FolderSnapshot, after: FolderSnapshot): Promise<readonly string[]> {
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  for (const path of paths.sort(byRole)) {
    const text = after.get(path);
    if (text === undefined) await deleteAs(bed, ownerOf(path), clusterManifest(before.get(path) ?? ""));
    else await applyAs(bed, ownerOf(path), clusterManifest(text));
  }
  return paths;
}

function byRole(a: string, b: string): number {
  const rank = (path: string): number => ["infrastructure", "cluster"].findIndex((role) => path.startsWith(role)) >>> 0;
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}

function ownerOf(path: string): Person {
  const [role, team = ""] = dirname(path).split("/");
  if (role === "infrastructure-provider") return "infra-provider";
  return role === "cluster-operator" ? "cluster-operator" : `app-developer-of-${team}`;
}

function teamsOf(files: FolderSnapshot): readonly string[] {
  return [...files.keys()].flatMap((path) => (path.startsWith("app-developer/") ? (path.split("/")[1] ?? []) : []));
}
