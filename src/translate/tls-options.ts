/** `tls.options` of a listener: what it agrees to in a handshake, where that is another than its Gateway's parameters say. */
import type { Rejection } from "../core/conditions.ts";
import type { ListenerSpec } from "../core/gateway-api.ts";
import {
  cipherSuiteNames,
  type GatewayParametersSpec,
  type LockableField,
  type TlsVersion,
} from "../core/gateway-parameters.ts";
import type { DownstreamTls, Listener } from "./nodes.ts";
import { isWithin } from "./parameter-fields.ts";
import { endsTls } from "./protocol-support.ts";

type TlsOptions = NonNullable<DownstreamTls["options"]>;

/** What a listener may choose from. */
export interface TlsOptionLimits {
  readonly ofClass: GatewayParametersSpec | undefined;
  /** Of the Gateway, for listeners that others attach to it: they may ask for more of clients, not for less. */
  readonly ofGateway?: { readonly minimumVersion: TlsVersion; readonly cipherSuites: readonly string[] } | undefined;
}

/** Keys of other domains are other implementations'. */
const ours = "gatehouse.dev/";
const minimumVersionKey = "gatehouse.dev/minimum-version";
const cipherSuitesKey = "gatehouse.dev/cipher-suites";

/** Adds what the options of a listener say, which is written at `path`. One that cannot be had refuses the listener. */
export function withTlsOptions(
  listener: Listener,
  { tls }: Pick<ListenerSpec, "tls">,
  { path, limits }: { readonly path: string; readonly limits: TlsOptionLimits },
): Listener {
  const written = Object.entries(tls?.options ?? {}).filter(([key]) => key.startsWith(ours));
  if (written.length === 0) return listener;
  const results = written
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => ({ key, result: endsTls(listener) ? readOption(key, value, limits) : notEnded }));
  const problems = results.flatMap(({ key, result }) =>
    typeof result === "string" ? [refused(`${path}.tls.options[${key}] ${result}`)] : [],
  );
  if (problems.length > 0) return { ...listener, rejections: [...listener.rejections, ...problems] };
  const tlsOptions: TlsOptions = Object.assign({}, ...results.map(({ result }) => result));
  return { ...listener, tlsOptions };
}

/** What is wrong is a text, which goes on where the name of the option ends. */
type OptionResult = TlsOptions | string;

const notEnded = "means nothing where TLS is passed on";

function readOption(key: string, value: string, limits: TlsOptionLimits): OptionResult {
  switch (key) {
    case minimumVersionKey:
      return lockOn("tls.minimumVersion", limits) ?? readVersion(value, limits);
    case cipherSuitesKey:
      return lockOn("tls.cipherSuites", limits) ?? readCipherSuites(value, limits);
    default:
      return `is not known, only ${minimumVersionKey} and ${cipherSuitesKey} are`;
  }
}

function lockOn(field: LockableField, { ofClass }: TlsOptionLimits): string | undefined {
  return ofClass?.locked?.some((path) => isWithin(field, path)) ? "is locked by the class" : undefined;
}

function readVersion(value: string, { ofClass, ofGateway }: TlsOptionLimits): OptionResult {
  if (value !== "1.2" && value !== "1.3") return `is ${quoted(value)}, which is neither 1.2 nor 1.3`;
  const least = ofClass?.bounds?.tls?.minimumVersion;
  if (least !== undefined && value < least) return `is ${value}, the class allows no less than ${least}`;
  if (ofGateway !== undefined && value < ofGateway.minimumVersion) {
    return `is ${value}, the Gateway allows no less than ${ofGateway.minimumVersion}`;
  }
  return { minimumVersion: value };
}

function readCipherSuites(value: string, { ofClass, ofGateway }: TlsOptionLimits): OptionResult {
  const suites = value.split(",").map((suite) => suite.trim());
  const known: readonly string[] = cipherSuiteNames;
  const unknown = suites.filter((suite) => !known.includes(suite));
  if (unknown.length > 0) return `has ${unknown.map(quoted).join(", ")}, which no proxy knows`;
  if (new Set(suites).size < suites.length) return "names a suite twice";
  const ofClassOnly = beyond(suites, ofClass?.bounds?.tls?.cipherSuites);
  if (ofClassOnly !== undefined) return `has ${ofClassOnly}, which the class does not allow`;
  const ofGatewayOnly = beyond(suites, ofGateway?.cipherSuites.length === 0 ? undefined : ofGateway?.cipherSuites);
  if (ofGatewayOnly !== undefined) return `has ${ofGatewayOnly}, which the Gateway does not allow`;
  return { cipherSuites: suites };
}

function beyond(suites: readonly string[], allowed: readonly string[] | undefined): string | undefined {
  const foreign = suites.filter((suite) => allowed?.includes(suite) === false);
  return foreign.length === 0 ? undefined : foreign.join(", ");
}

/** Values are 4 KiB at most; nobody reads so much of one. */
function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function refused(message: string): Rejection {
  return { condition: "Accepted", reason: "UnsupportedValue", message };
}
