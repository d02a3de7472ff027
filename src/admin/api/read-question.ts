import { convergingKinds } from "../../core/convergence.ts";
import type { RequestHeader, RequestQuestion } from "../../core/explanation.ts";
import type { HistoryQuestion } from "../../core/history.ts";
import { type RouteKind, routeKinds } from "../../core/keys.ts";

/** What was asked for, or one sentence on what is wrong with it. */
export type Read<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "wrong"; readonly message: string };

/** An object of a namespace. */
export interface NameQuestion {
  readonly namespace: string;
  readonly name: string;
}

/** A route of any kind. */
export interface RouteNameQuestion extends NameQuestion {
  readonly kind: RouteKind;
}

/** An object of a kind that proxies acknowledge. */
export interface ConvergenceNameQuestion extends NameQuestion {
  readonly kind: (typeof convergingKinds)[number];
}

/** Limits of a question, so that what it costs is limited too: proxies take no more than that either. */
const mostHeaders = 100;
const mostHeaderBytes = 60 * 1024;
const mostPathBytes = 8 * 1024;

/** Reads the body of `/v1/explain/request`. */
export function readRequestQuestion(body: unknown): Read<RequestQuestion> {
  const { gateway, port, scheme, sni, host, path, method, headers } = fieldsOf(body);
  if (!isPort(port)) return wrong("port is a number from 1 to 65535");
  if (scheme !== "http" && scheme !== "https") return wrong("scheme is http or https");
  if (!isText(host, 300)) return wrong("host is the Host header, of 300 characters at most");
  if (!isText(path, mostPathBytes) || !path.startsWith("/"))
    return wrong("path begins with a slash and has 8192 characters at most");
  if (!isText(method, 64) || !/^[A-Za-z]+$/.test(method)) return wrong("method is a word such as GET");
  if (sni !== undefined && !isText(sni, 300)) return wrong("sni is a name, of 300 characters at most");
  const asked = gateway === undefined ? undefined : readName(gateway);
  if (asked?.kind === "wrong") return wrong("gateway has a namespace and a name");
  const sent = readHeaders(headers);
  if (sent === undefined) return wrong(`headers are at most ${mostHeaders}, each with a name and a value`);
  return {
    kind: "ok",
    value: {
      ...(asked && { gateway: asked.value }),
      ...(sni !== undefined && { sni }),
      ...{ port, scheme, host, path, method, headers: sent },
    },
  };
}

/** Reads the body of `/v1/explain/route`: who names no kind asks for an HTTPRoute. */
export function readRouteName(body: unknown): Read<RouteNameQuestion> {
  const { kind: asked = "HTTPRoute" } = fieldsOf(body);
  const kind = routeKinds.find((each) => each === asked);
  if (kind === undefined) return wrong(`kind is one of ${routeKinds.join(", ")}`);
  const name = readName(body);
  return name.kind === "wrong" ? name : { kind: "ok", value: { kind, ...name.value } };
}

/** Reads a namespace and a name. */
function readName(body: unknown): Read<NameQuestion> {
  const { namespace, name } = fieldsOf(body);
  const isGood = isText(namespace, 63) && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(namespace);
  if (!isGood || !isText(name, 253) || !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(name)) {
    return wrong("namespace and name are those of an object");
  }
  return { kind: "ok", value: { namespace, name } };
}

/** Reads the body of `/v1/convergence`. */
export function readConvergenceName(body: unknown): Read<ConvergenceNameQuestion> {
  const kind = convergingKinds.find((each) => each === fieldsOf(body)["kind"]);
  if (kind === undefined) return wrong(`kind is one of ${convergingKinds.join(", ")}`);
  const name = readName(body);
  return name.kind === "wrong" ? name : { kind: "ok", value: { kind, ...name.value } };
}

/** Reads the body of `/v1/history`. */
export function readHistoryQuestion(body: unknown): Read<HistoryQuestion> {
  const { hostname, path, port, protocol } = fieldsOf(body);
  if (port !== undefined || protocol !== undefined) {
    if (hostname !== undefined || path !== undefined)
      return wrong("ask for a hostname, or for a port and its protocol");
    if (!isPort(port)) return wrong("port is a number from 1 to 65535");
    if (protocol !== "TCP" && protocol !== "UDP") return wrong("protocol is TCP or UDP");
    return { kind: "ok", value: { port, protocol } };
  }
  if (!isText(hostname, 300)) return wrong("hostname is a name, of 300 characters at most");
  if (path === undefined) return { kind: "ok", value: { host: hostname } };
  if (!isText(path, mostPathBytes) || !path.startsWith("/"))
    return wrong("path begins with a slash and has 8192 characters at most");
  return { kind: "ok", value: { host: hostname, path } };
}

function readHeaders(value: unknown): readonly RequestHeader[] | undefined {
  if (!Array.isArray(value) || value.length > mostHeaders) return undefined;
  const headers: RequestHeader[] = [];
  let bytes = 0;
  for (const each of value) {
    const { name, value: text } = fieldsOf(each);
    if (!isText(name, 256) || name === "" || typeof text !== "string") return undefined;
    bytes += name.length + text.length;
    headers.push({ name, value: text });
  }
  return bytes <= mostHeaderBytes ? headers : undefined;
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null && !Array.isArray(body) ? { ...body } : {};
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.length <= most;
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function wrong(message: string): { readonly kind: "wrong"; readonly message: string } {
  return { kind: "wrong", message };
}
