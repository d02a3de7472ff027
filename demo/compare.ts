import type { ServedBy } from "./access-log.ts";
import type { CommandResult, PublishedCondition, PublishedStatus } from "./control-plane.ts";
import type { Answer } from "./request.ts";
import type { CommandOutput, ExpectedAnswer, ExpectedCondition, StatusLine } from "./step.ts";

/** One thing that was expected beside what really came. */
export interface Line {
  readonly label: string;
  readonly expected: string;
  readonly real: string;
  readonly agrees: boolean;
  /** The message of a condition. */
  readonly detail?: string;
  /** What a command has printed, where all of it is worth reading. */
  readonly output?: string;
}

/** An answer with what the proxy's access log tells of it; without `log` there was no line. */
export interface Served {
  readonly answer: Answer;
  readonly log?: { readonly kind: "route"; readonly servedBy: ServedBy } | { readonly kind: "no route" };
}

/** Compares an answer, the backend that gave it and the access log line of that very request. */
export function compareAnswer(expected: ExpectedAnswer, { answer, log }: Served): readonly Line[] {
  const status = showStatus(expected.status);
  if (answer.kind === "failed") return [line("answer", status, answer.message)];
  const { backendPath, header } = expected;
  const told = log === undefined ? "not in the access log" : showLog(log);
  return [
    line("answer", status, showStatus(answer.status)),
    ...(answer.isLoggedLate === true ? [] : [line("route", showRoute(expected.served), told)]),
    line("backend", expected.backend ?? "none", answer.backend ?? "none"),
    ...(backendPath === undefined ? [] : [line("path seen", backendPath, answer.backendPath ?? "none")]),
    ...(header === undefined ? [] : [line(header.name, header.value, answer.headers[header.name] ?? "none")]),
  ];
}

/** Compares one condition with what the control plane publishes. */
export function compareCondition(expected: ExpectedCondition, statuses: readonly PublishedStatus[]): Line {
  const status = statuses.find((one) => nameOf(one) === expected.object);
  const found = findConditions(expected, status)?.find(({ type }) => type === expected.type);
  const label = "condition";
  if (found === undefined)
    return line(label, showExpected(expected), `${expected.object} ${expected.type} is not told`);
  const compared = line(label, showExpected(expected), showCondition(expected, found));
  const { message = found.message } = expected;
  const told = message === found.message ? compared : { ...compared, expected: message, agrees: false };
  return found.message === "" ? told : { ...told, detail: found.message };
}

/** Looks whether nothing is told of an object any more. */
export function compareGone(object: string, statuses: readonly PublishedStatus[]): Line {
  const isThere = statuses.some((one) => nameOf(one) === object);
  return line("gone", `${object} is gone`, isThere ? `${object} is still there` : `${object} is gone`);
}

/** Looks for a line of `gatehouse status` that holds all the words. */
export function compareTable({ question, words }: StatusLine, printed: string): Line {
  const lines = printed.split("\n").map((text) => text.trim().replace(/\s+/g, " "));
  const found = lines.find((text) => words.every((word) => text.includes(word)));
  const expected = words.join(" … ");
  return { label: question, expected, real: found ?? lines[0] ?? "nothing", agrees: found !== undefined };
}

/** Looks for lines of a command's output, one after the other, each of which holds all of its words. */
export function compareCommand({ args, exitCode, lines }: CommandOutput, result: CommandResult): Line {
  const rest = result.output.split("\n").map((text) => text.trim().replace(/\s+/g, " "));
  const missing = lines.find((words) => {
    const at = rest.findIndex((text) => words.every((word) => text.includes(word)));
    rest.splice(0, at + 1);
    return at < 0;
  });
  const expected = `exit code ${exitCode}, and ${lines.length} lines that it must hold`;
  const label = `gatehouse ${args.map(quoted).join(" ")}`;
  const { output } = result;
  if (result.exitCode !== exitCode) {
    return { label, expected, real: `exit code ${result.exitCode} ${result.errors}`, agrees: false, output };
  }
  if (missing !== undefined) return { label, expected, real: `no ${missing.join(" … ")}`, agrees: false, output };
  return { label, expected, real: expected, agrees: true, output };
}

/** Compares what the webhook said about each object with the one refusal that is expected. */
export function compareRefusal(expected: string, said: readonly (string | undefined)[]): Line {
  const real = said.map((refusal) => (refusal === undefined ? "admitted" : `refused: ${refusal}`)).join("; ");
  return line("webhook", `refused: ${expected}`, real || "it was not asked");
}

/** Compares the files that a step touched. */
export function compareTouched(expected: readonly string[] | undefined, real: readonly string[]): readonly Line[] {
  return expected === undefined ? [] : [line("touched", expected.join(", "), real.join(", "))];
}

function line(label: string, expected: string, real: string): Line {
  return { label, expected, real, agrees: expected === real };
}

function showStatus(status: number | undefined): string {
  return status === undefined ? "something" : String(status);
}

function showRoute(served: ServedBy | undefined): string {
  return served === undefined ? "none" : `${served.route} rule ${served.rule}`;
}

function showLog(log: NonNullable<Served["log"]>): string {
  return log.kind === "route" ? showRoute(log.servedBy) : "none";
}

function nameOf({ kind, namespace, name }: PublishedStatus): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

function findConditions(
  { parent }: ExpectedCondition,
  status: PublishedStatus | undefined,
): readonly PublishedCondition[] | undefined {
  if (parent === undefined) return status?.status.conditions;
  const isMeant = ({ namespace = status?.namespace, name }: { readonly namespace?: string; readonly name: string }) =>
    `${namespace}/${name}` === parent;
  return status?.status.parents?.find(({ parentRef }) => isMeant(parentRef))?.conditions;
}

function showExpected({ object, type, status, reason, generation }: ExpectedCondition): string {
  return `${object} ${type}=${status}${reason === undefined ? "" : ` ${reason}`}${showGeneration(generation)}`;
}

/** Shows as much of the real one as the expected one speaks of. */
function showCondition(expected: ExpectedCondition, real: PublishedCondition): string {
  return showExpected({
    object: expected.object,
    type: real.type,
    // Compared as text; another word than the API's three differs.
    status: real.status as ExpectedCondition["status"],
    ...(expected.reason === undefined ? {} : { reason: real.reason }),
    ...(expected.generation === undefined ? {} : { generation: real.observedGeneration ?? 0 }),
  });
}

function showGeneration(generation: number | undefined): string {
  return generation === undefined ? "" : ` at generation ${generation}`;
}

function quoted(arg: string): string {
  return /\s/.test(arg) ? `'${arg}'` : arg;
}
