import type {
  HttpHeaderModifier,
  HttpPathModifier,
  HttpRouteMatch,
  HttpRouteRule,
  HttpValueMatch,
} from "../../core/gateway-api.ts";
import type { RuleFilters } from "../route-nodes.ts";
import { checkHeaderName, checkHeaderValue, checkMatchedHeaderName, checkWrittenHeaderName } from "./header-checks.ts";
import { checkRegex, maxRegexProgram, writtenOutSize } from "./regex.ts";

/**
 * Says why a proxy would refuse a match, and with it the whole table; undefined when it would not. What the API's own schema
 * rules out is not asked again, except where it would harm others.
 */
export function findMatchProblem({ path, headers = [], queryParams = [], method }: HttpRouteMatch): string | undefined {
  const problems = [
    path.type === "RegularExpression" ? checkRegex(path.value) : checkPath(path.value),
    ...headers.flatMap((header) => [checkMatchedHeaderName(header.name), checkValueMatch(header)]),
    ...queryParams.flatMap((parameter) => [checkText(parameter.name), checkValueMatch(parameter)]),
    method === undefined ? undefined : checkText(method),
  ];
  return problems.find((problem) => problem !== undefined);
}

/** What the regular expressions of one route may come to together: reading them keeps everybody else waiting. */
const maxRegexesOfRoute = 4 * maxRegexProgram;

/** Says the same of each rule of a route, and of those whose regular expressions are too much after those before them. */
export function findMatchProblems(rules: readonly HttpRouteRule[]): readonly (string | undefined)[] {
  let size = 0;
  return rules.map(({ matches }) => {
    size += matches.flatMap(regexesOf).reduce((sum, regex) => sum + writtenOutSize(regex), 0);
    if (size > maxRegexesOfRoute) return "the regular expressions of the route are too large together";
    return matches.map(findMatchProblem).find((problem) => problem !== undefined);
  });
}

function regexesOf({ path, headers = [], queryParams = [] }: HttpRouteMatch): readonly string[] {
  return [path, ...headers, ...queryParams].flatMap(({ type, value }) => (type === "RegularExpression" ? [value] : []));
}

/** The same for the filters of a rule or of a backend. */
export function findFilterProblem(filters: RuleFilters): string | undefined {
  const { requestHeaders, responseHeaders, redirect, rewrite, cors } = filters;
  const problems = [
    ...modifierProblems(requestHeaders),
    ...modifierProblems(responseHeaders),
    ...[redirect?.hostname, rewrite?.hostname].map((name) => (name === undefined ? undefined : checkText(name))),
    ...[redirect?.path, rewrite?.path].map(checkPathModifier),
    ...(cors?.allowOrigins ?? []).map(checkOrigin),
    ...[...(cors?.allowMethods ?? []), ...(cors?.allowHeaders ?? []), ...(cors?.exposeHeaders ?? [])].map(checkText),
  ];
  return problems.find((problem) => problem !== undefined);
}

function checkValueMatch({ type, value }: HttpValueMatch): string | undefined {
  return type === "RegularExpression" ? checkRegex(value) : checkHeaderValue(value);
}

function modifierProblems(modifier: HttpHeaderModifier | undefined): readonly (string | undefined)[] {
  const { set = [], add = [], remove = [] } = modifier ?? {};
  const written = [...set, ...add];
  return [
    ...written.map(({ name }) => checkWrittenHeaderName(name)),
    ...remove.map(checkHeaderName),
    ...written.map(({ value }) => checkHeaderValue(value)),
  ];
}

function checkPathModifier(path: HttpPathModifier | undefined): string | undefined {
  if (path === undefined) return undefined;
  const value = path.type === "ReplaceFullPath" ? path.replaceFullPath : path.replacePrefixMatch;
  return value === "" ? undefined : checkPath(value);
}

function checkPath(path: string): string | undefined {
  if (!path.startsWith("/")) return "a path must begin with /";
  if (/[?#]/.test(path)) return "a path must hold neither ? nor #";
  return checkText(path);
}

/** An origin becomes part of a regular expression: only what the API allows in one may get there. */
function checkOrigin(origin: string): string | undefined {
  if (origin === "*" || /^https?:\/\/(\*|(\*\.)?[A-Za-z0-9.-]+)(:[0-9]{1,5})?$/.test(origin)) return undefined;
  return "an origin must be *, or a scheme and a host with an optional port";
}

function checkText(text: string): string | undefined {
  if (text === "") return "a name must not be empty";
  if (/[\s\u007f]/.test(text) || checkHeaderValue(text) !== undefined) {
    return "paths, hostnames and methods must hold neither spaces nor control characters";
  }
  return undefined;
}
