import type { Line } from "./compare.ts";
import type { StepResult } from "./engine.ts";
import type { Article, DemoRequest } from "./step.ts";

/** Prints the demo for people: plain columns, and colours where they are wanted. */
export interface Printer {
  article(article: Article): void;
  step(number: number, result: StepResult): void;
  summary(results: readonly StepResult[], seconds: number): void;
}

export interface PrinterOptions {
  readonly write: (text: string) => void;
  readonly palette: "colours" | "plain";
}

const labelWidth = 12;
/** Expected and real stand side by side as long as the expected one fits. */
const valueWidth = 36;
const lineWidth = 110;

/** Makes a printer that writes lines. */
export function createPrinter({ write, palette }: PrinterOptions): Printer {
  const paint = palette === "colours" ? paintWithEscapes : (_: Colour, text: string) => text;
  const print = (text = ""): void => write(`${text}\n`);
  let lastProposed = "";
  return {
    article: ({ title }) => print(`\n${paint("bold", title)}\n${"─".repeat(title.length)}`),
    step: (number, result) => {
      const { chapter, say } = result.step;
      if (chapter !== undefined) print(`\n  ${paint("bold", `── ${chapter} ──`)}`);
      print(`\n${paint("bold", `${String(number).padStart(2)}. ${say}`)}`);
      for (const text of diffLines(result, paint)) print(`    ${text}`);
      for (const text of applyLines(result, paint, lastProposed)) print(`    ${text}`);
      lastProposed = JSON.stringify(result.proposed);
      for (const action of result.step.do ?? []) {
        if (action.kind === "traffic") print(`    ${"traffic".padEnd(labelWidth)} ${showTraffic(action.request)}`);
      }
      const { request } = result.step;
      if (request !== undefined)
        print(`    ${"request".padEnd(labelWidth)} ${showRequest(request, result.target ?? "")}`);
      for (const line of result.lines) printLine(line, print, paint);
      const { conclusion } = result.step.expect;
      if (conclusion !== undefined && result.passed) {
        for (const text of wrap(`→ ${conclusion}`)) print(`    ${paint("yellow", text)}`);
      }
    },
    summary: (results, seconds) => {
      const failed = results.filter(({ passed }) => !passed);
      const lines = results.flatMap((result) => result.lines);
      const differing = lines.filter(({ agrees }) => !agrees).length;
      print(`\n${"─".repeat(40)}`);
      for (const { step } of failed) print(`${paint("red", "differs")}  ${step.say}`);
      const verdict = failed.length === 0 ? paint("green", "All as expected") : paint("red", "Not all as expected");
      print(`${verdict}: ${results.length - failed.length} of ${results.length} steps,`);
      print(`${lines.length - differing} of ${lines.length} comparisons agree, in ${seconds.toFixed(1)} s.`);
    },
  };
}

type Colour = "bold" | "red" | "green" | "yellow" | "dim";
type Paint = (colour: Colour, text: string) => string;

const escapes: Record<Colour, string> = { bold: "1", red: "31", green: "32", yellow: "33", dim: "2" };

function paintWithEscapes(colour: Colour, text: string): string {
  return `\u001b[${escapes[colour]}m${text}\u001b[0m`;
}

/** What somebody gives to kubectl, in full unless the step before has shown the same: nothing else tells it. */
function applyLines({ step: { apply }, proposed }: StepResult, paint: Paint, shown: string): readonly string[] {
  if (apply === undefined) return [];
  const who = `${apply.as.username} (${apply.as.groups.join(", ")})`;
  const isKnown = JSON.stringify(proposed) === shown;
  return proposed.flatMap(({ path, lines }) => [
    `${"apply".padEnd(labelWidth)} kubectl apply -f ${path}`,
    `${"as".padEnd(labelWidth)} ${who}`,
    ...(isKnown ? [] : lines.map((line) => paint(diffColour(line), `  ${line}`))),
  ]);
}

function showTraffic({ scheme, host, path }: DemoRequest): string {
  return `GET ${scheme}://${host}${path}, again and again from now on, each on a connection of its own`;
}

function diffLines({ diff }: StepResult, paint: Paint): readonly string[] {
  return diff.flatMap(({ path, lines }) => {
    const [first, ...others] = lines;
    const isNew = first !== undefined && lines.every((line) => line.startsWith("+"));
    const isGone = first !== undefined && lines.every((line) => line.startsWith("-"));
    if (isNew) return [paint("green", `+++ ${path} (new, ${others.length + 1} lines)`)];
    if (isGone) return [paint("red", `--- ${path} (removed)`)];
    return [paint("dim", `edit ${path}`), ...lines.map((line) => paint(diffColour(line), `  ${line}`))];
  });
}

function diffColour(line: string): Colour {
  if (line.startsWith("+")) return "green";
  return line.startsWith("-") ? "red" : "dim";
}

function verb(scheme: DemoRequest["scheme"]): string {
  return scheme === "grpc" ? "call" : "GET";
}

function showRequest({ scheme, host, path, port, gateway }: DemoRequest, target: string): string {
  const url = `${scheme}://${host}${path}`;
  const what = scheme === "tcp" || scheme === "udp" ? `hello by ${scheme}` : `${verb(scheme)} ${url}`;
  return `${what}  (port ${port} of ${gateway}, bound at ${target})`;
}

function printLine(
  { label, expected, real, agrees, detail, output }: Line,
  print: (text: string) => void,
  paint: Paint,
): void {
  const indent = `    ${" ".repeat(labelWidth)}`;
  const mark = agrees ? paint("green", "✓") : paint("red", "✗");
  const isWide = label.length > labelWidth;
  // A command's output says more than that it is as expected.
  if (agrees && output !== undefined) {
    print(`  ${mark} ${label}`);
    for (const text of output.trimEnd().split("\n")) print(`        ${paint("dim", text)}`.trimEnd());
    return;
  }
  const told = agrees ? real : paint("red", real);
  if (isWide) print(`  ${mark} ${label}`);
  const head = isWide ? indent : `  ${mark} ${label.padEnd(labelWidth)}`;
  if (expected.length <= valueWidth && !isWide) print(`${head} expected ${expected.padEnd(valueWidth)} real ${told}`);
  else {
    print(`${head} expected ${expected}`);
    print(`${indent} real     ${told}`);
  }
  if (detail !== undefined) print(`${indent} ${paint("dim", `“${detail}”`)}`);
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= lineWidth) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
