import type { ExpectedCondition, Step } from "../../../demo/step.ts";
import { backendOf, backendPathOf } from "./ask.ts";
import type { ClientAnswer } from "./client/request.ts";
import { conditionOf, type ReportedObject } from "./gateway-status.ts";

/** As much of what can be seen as a step speaks of. */
export interface Observation {
  readonly answers: readonly unknown[];
  readonly conditions: readonly unknown[];
  /** Of each line of `gatehouse status`, the words that are asked for. */
  readonly table: readonly string[];
  readonly touched?: readonly string[];
}

export type ExpectedAnswer = NonNullable<Step["expect"]["answer"]>;

/** What should be seen after a step. */
export function expectedOf({ expect, request }: Step): Observation {
  const { answer, conditions = [], table = [], touched } = expect;
  const isAsked = request !== undefined && answer !== undefined;
  return {
    answers: isAsked ? Array.from({ length: answer.times ?? 1 }, () => expectedAnswer(answer)) : [],
    conditions,
    table: table.map(({ words }) => words.join(" ")),
    ...(touched && { touched }),
  };
}

/** What is seen of an answer, of which only the status and the backend are always spoken of. */
export function seenAnswer(answer: ClientAnswer, { backendPath, header }: ExpectedAnswer): unknown {
  if (answer.kind === "failed") return answer.message;
  return {
    status: answer.status,
    backend: backendOf(answer),
    ...(backendPath !== undefined && { backendPath: backendPathOf(answer) }),
    ...(header && { header: answer.headers[header.name] }),
  };
}

/** What is seen of a condition. */
export function seenCondition(object: ReportedObject, expected: ExpectedCondition): unknown {
  const found = conditionOf(object, expected.type, expected.parent);
  if (found === undefined) return `${expected.object} tells no ${expected.type}`;
  const { status, reason, message, observedGeneration } = found;
  return {
    ...expected,
    status,
    ...(expected.reason !== undefined && { reason }),
    ...(expected.message !== undefined && { message }),
    ...(expected.generation !== undefined && { generation: observedGeneration }),
  };
}

/** What is seen of a table in which one line is to hold certain words. */
export function seenLine(printed: string, words: readonly string[]): string {
  const isThere = printed.split("\n").some((text) => words.every((word) => text.includes(word)));
  return isThere ? words.join(" ") : printed;
}

function expectedAnswer({ status, backend, backendPath, header }: ExpectedAnswer): unknown {
  return {
    status,
    backend,
    ...(backendPath !== undefined && { backendPath }),
    ...(header && { header: header.value }),
  };
}
