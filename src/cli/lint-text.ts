import type { Finding } from "../core/finding.ts";
import { objectWords } from "./object-words.ts";
import { printable } from "./text-table.ts";

/** Prints findings for a terminal: place, severity and code first, as compilers do, and what to do about it below. */
export function lintText(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ code, severity, object, place, message, advice }) => [
    `${placeWords(place)}${severity} ${code}: ${object === undefined ? "" : `${objectWords(object)}: `}${message}`,
    `    ${advice}.`,
  ]);
  return [...lines, summary(findings)].map((line) => `${printable(line)}\n`).join("");
}

function placeWords(place: Finding["place"]): string {
  if (place === undefined) return "";
  return `${place.file}${place.line === undefined ? "" : `:${place.line}`}: `;
}

function summary(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  return findings.length === 0 ? "Nothing found." : `${count(errors, "error")}, ${count(warnings, "warning")}.`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
