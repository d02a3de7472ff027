import { randomUUID } from "node:crypto";
import { parseServedBy } from "./access-log.ts";
import {
  compareAnswer,
  compareCommand,
  compareCondition,
  compareGone,
  compareRefusal,
  compareTable,
  type Line,
  type Served,
} from "./compare.ts";
import { type AdmissionReview, readRefusal } from "./kubectl-apply.ts";
import { type Answer, boundPort, type RequestTarget, sendRequest } from "./request.ts";
import type { DemoRequest, Step } from "./step.ts";
import type { World } from "./world.ts";

/** A step with what the API server would ask the webhook in it. */
export interface Observed {
  readonly step: Step;
  readonly reviews: readonly AdmissionReview[];
}

/**
 * Asks everything that a step speaks of, once. Conditions are asked before answers: they tell that the edit was read, so that
 * the answers after it belong to it.
 */
export async function observe(world: World, { step, reviews }: Observed): Promise<readonly Line[]> {
  const { conditions = [], table = [], gone, answer, refusal } = step.expect;
  const lines: Line[] = [];
  if (refusal !== undefined) lines.push(compareRefusal(refusal, await askWebhook(world, reviews)));
  if (conditions.length > 0 || gone !== undefined) {
    const statuses = await world.controlPlane.statuses();
    lines.push(...conditions.map((condition) => compareCondition(condition, statuses)));
    if (gone !== undefined) lines.push(compareGone(gone, statuses));
  }
  for (const line of table) {
    const printed = await world.controlPlane.statusTable(line.args).catch((error: unknown) => String(error));
    lines.push(compareTable(line, printed));
  }
  if (step.request === undefined || answer === undefined) return lines;
  return [...compareAnswer(answer, await ask(world, step.request)), ...lines];
}

/** Runs the commands that a step speaks of: once, when all the rest is as expected, because they take their time. */
export async function runCommands(world: World, { expect: { commands = [] } }: Step): Promise<readonly Line[]> {
  return Promise.all(
    commands.map(async (expected) => compareCommand(expected, await world.controlPlane.command(expected.args))),
  );
}

/** Sends a request and looks the answer up in the proxy's access log. */
export async function ask(world: World, request: DemoRequest): Promise<Served> {
  const token = `demo=${randomUUID()}`;
  const answer = await send(world, request, token);
  if (answer.kind === "failed") return { answer };
  if (answer.isLoggedLate === true) return { answer };
  const proxy = world.proxies.get(request.gateway);
  const line = await proxy?.accessLogLine(token, answer.mark);
  if (line === undefined) return { answer };
  const servedBy = parseServedBy(line);
  return { answer, log: servedBy === undefined ? { kind: "no route" } : { kind: "route", servedBy } };
}

/** Sends a request to where the Gateway's proxy really listens. */
export async function send(world: World, request: DemoRequest, token: string): Promise<Answer> {
  const address = world.workspace.gatewayAddress(request.gateway);
  if (address === undefined) return { kind: "failed", message: `no manifest of ${request.gateway}` };
  const target: RequestTarget = {
    address,
    port: boundPort(request.port),
    authorities: world.authorities,
    token,
  };
  return sendRequest(request, target);
}

async function askWebhook(world: World, reviews: readonly AdmissionReview[]): Promise<readonly (string | undefined)[]> {
  return Promise.all(
    reviews.map(async (review) => {
      const answer = await world.controlPlane.review(review).catch((error: Error) => error);
      return answer instanceof Error ? `it does not answer: ${answer.message}` : readRefusal(review, answer);
    }),
  );
}
