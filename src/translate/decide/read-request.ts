import type { RequestAnswer, RequestQuestion } from "../../core/explanation.ts";
import type { Hostname } from "../../core/hostname.ts";
import { edgeSettings } from "../envoy/edge-defaults.ts";
import { dotsWithParameters, properAuthority } from "../request-spelling.ts";
import { normalizePath } from "./normalize-path.ts";
import { type HeaderValues, headersInProxy } from "./proxy-headers.ts";

/** A request as a proxy's matches see it. */
export interface ReadRequest {
  readonly scheme: "http" | "https";
  readonly method: string;
  /** The Host header without a trailing dot, in the client's case and with its port. */
  readonly authority: string;
  /** The same in lower case and without port: what virtual hosts are found by. */
  readonly host: Hostname;
  /** Without query. */
  readonly path: string;
  /** With its question mark; empty without one. */
  readonly query: string;
  readonly headers: HeaderValues;
}

/** What became of a request before any route was looked for. */
export type RequestReading =
  | { readonly kind: "read"; readonly request: ReadRequest }
  | { readonly kind: "answered"; readonly answer: RequestAnswer };

/** Reads a request as a proxy does: what is malformed is turned down, what is unusual is normalised. */
export function readRequest(question: RequestQuestion): RequestReading {
  const problem = headerProblem(question);
  if (problem !== undefined) return { kind: "answered", answer: problem };
  const path = normalizePath(question.path);
  switch (path.kind) {
    case "invalid":
      return { kind: "answered", answer: rejected(400, path.reason) };
    case "redirect": {
      const reason = "The path holds an escaped slash or backslash";
      return { kind: "answered", answer: { kind: "normalized", status: 307, location: path.location, reason } };
    }
    default: {
      const request = requestOf(question, path.path);
      const refusal = guardProblem(request);
      return refusal === undefined ? { kind: "read", request } : { kind: "answered", answer: rejected(403, refusal) };
    }
  }
}

/** What `envoy/request-guard.ts` refuses. */
function guardProblem({ authority, path }: ReadRequest): string | undefined {
  if (!wholeOf(properAuthority).test(authority)) return "The Host header is not a name or an address with a port";
  return wholeOf(dotsWithParameters).test(path) ? "The path holds dots with parameters" : undefined;
}

function wholeOf(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`);
}

function requestOf(question: RequestQuestion, path: string): ReadRequest {
  const { scheme, method } = question;
  const authority = trimBlanks(question.host).replace(/\.(?=:[^\]:]*$|$)/, "");
  const queryStart = path.indexOf("?");
  return {
    scheme,
    method,
    authority,
    host: withoutPort(authority).toLowerCase(),
    path: queryStart < 0 ? path : path.slice(0, queryStart),
    query: queryStart < 0 ? "" : path.slice(queryStart),
    headers: headersInProxy(question.headers, { authority, scheme }),
  };
}

/** Cuts what follows the last colon, unless that stands within an IPv6 address. */
export function withoutPort(authority: string): string {
  return authority.replace(/:[^:\]]*$/, "");
}

function headerProblem({ method, path, headers, ...sent }: RequestQuestion): RequestAnswer | undefined {
  const host = trimBlanks(sent.host);
  if (!/^[\w\-.~!$&'()*+,;=:@%[\]]*$/.test(host))
    return rejected(400, "The Host header holds a character that none may");
  if (headers.some(({ name }) => !/^[\w!#$%&'*+\-.^`|~]+$/.test(name)))
    return rejected(400, "A header has no valid name");
  if (headers.some(({ value }) => /[\0\r\n]/.test(value))) return rejected(400, "A header has no valid value");
  if (headers.some(({ name }) => name.includes("_"))) {
    return rejected(400, "A header's name has an underscore, which some backends read as a hyphen");
  }
  if (method === "CONNECT") return rejected(400, "A tunnel has no path");
  const first = ":method".length + method.length + ":path".length + path.length + ":authority".length + host.length;
  const bytes = headers.reduce((sum, { name, value }) => sum + name.length + value.length, first);
  const tooMany = headers.length + 1 > edgeSettings.maxRequestHeaders;
  if (tooMany || bytes > edgeSettings.maxRequestHeadersKiB * 1024) return rejected(431, "The headers are too large");
  return undefined;
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function rejected(status: number, reason: string): RequestAnswer {
  return { kind: "rejected", status, reason };
}
