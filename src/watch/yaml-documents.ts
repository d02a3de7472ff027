import { type ErrorCode, LineCounter, parseAllDocuments, type YAMLParseError } from "yaml";
import { type PlainValue, plainValue } from "./yaml-value.ts";

/** One document of a file: its data, or why it cannot be read. Documents without content are left out. */
export type YamlDocument =
  | { readonly kind: "value"; readonly number: number; readonly value: PlainValue }
  | { readonly kind: "refused"; readonly number: number; readonly path?: string; readonly message: string };

/** The part of a file between two `---` lines. */
export interface TextPart {
  /** The document's number in the file, from 1. */
  readonly number: number;
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
  readonly text: string;
}

/**
 * Cuts a file at its `---` lines, which YAML allows nowhere but between documents, so that a file with many documents
 * need not be read again where it did not change. A file with directives is left whole.
 */
export function splitDocuments(text: string): readonly TextPart[] {
  if (directive.test(text)) return [{ number: 1, line: 1, text }];
  const parts: TextPart[] = [];
  let line = 1;
  for (const piece of text.split(separator)) {
    if (parts.length === 0 ? !blank.test(piece) : true) parts.push({ number: parts.length + 1, line, text: piece });
    line += countLines(piece);
  }
  return parts;
}

/** Reads one part of a file. It throws at nothing: what cannot be read is told in plain words, without quoting it. */
export function readDocuments(part: TextPart): readonly YamlDocument[] {
  if (blank.test(part.text)) return [];
  const lines = new LineCounter();
  let parsed: ReturnType<typeof parseAllDocuments>;
  try {
    parsed = parseAllDocuments(part.text, { ...options, lineCounter: lines });
  } catch (error) {
    // Nesting without end exhausts the parser's stack before there is a document to look at.
    if (error instanceof RangeError) return [{ kind: "refused", number: part.number, message: "nests too deeply" }];
    throw error;
  }
  if ("empty" in parsed) return [];
  return parsed.flatMap((document, index): readonly YamlDocument[] => {
    const number = part.number + index;
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      const place = `line ${line + part.line - 1}, column ${col}`;
      return [{ kind: "refused", number, message: `is not valid YAML: ${place}: ${explain(error)}` }];
    }
    const result = plainValue(document, mostValues);
    if (result.kind === "value") return result.value === null ? [] : [{ kind: "value", number, value: result.value }];
    const { path, message } = result;
    return [{ kind: "refused", number, message, ...(path === "" ? {} : { path }) }];
  });
}

/** Values in one document: an object in etcd is at most 1.5 MiB. */
const mostValues = 500_000;
const directive = /^(%|\.\.\.(?=\s|$))/m;
const separator = /^(?=---(?:\s|$))/m;
const blank = /^(?:---)?(?:\s|#[^\n]*(?:\n|$))*$/;

// Duplicate keys are found in plainValue: the parser's own check takes time with the square of the keys.
const options = { prettyErrors: false, strict: true, uniqueKeys: false, logLevel: "silent" } as const;

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

/** Our own words: the parser's messages quote the file, which may hold secrets. */
function explain(error: YAMLParseError): string {
  return reasons.get(error.code) ?? "it cannot be read";
}

const reasons: ReadonlyMap<ErrorCode, string> = new Map<ErrorCode, string>([
  ["ALIAS_PROPS", "an alias cannot have an anchor or a tag"],
  ["BAD_ALIAS", "an alias names nothing that stands before it"],
  ["BAD_COLLECTION_TYPE", "a tag does not fit its value"],
  ["BAD_DQ_ESCAPE", "a text in double quotes has an unknown escape"],
  ["BAD_INDENT", "the indentation does not fit the lines above, or a bracket in them is not closed"],
  ["BAD_SCALAR_START", "a text cannot begin with this character; quote it"],
  ["BLOCK_AS_IMPLICIT_KEY", "a mapping or list stands where one value belongs; is a line break or quote missing?"],
  ["BLOCK_IN_FLOW", "an indented block stands inside brackets"],
  ["KEY_OVER_1024_CHARS", "a key is longer than 1024 characters"],
  ["MISSING_CHAR", "a closing quote or bracket, a comma, or the space after a ':' is missing"],
  ["MULTILINE_IMPLICIT_KEY", "a key goes over several lines; is a ':' missing?"],
  ["MULTIPLE_ANCHORS", "a value has two anchors"],
  ["MULTIPLE_TAGS", "a value has two tags"],
  ["RESOURCE_EXHAUSTION", "it nests too deeply or is too large"],
  ["TAB_AS_INDENT", "tabs cannot indent"],
  ["TAG_RESOLVE_FAILED", "it has a tag that is not supported"],
  ["UNEXPECTED_TOKEN", "something stands where it does not belong"],
]);
