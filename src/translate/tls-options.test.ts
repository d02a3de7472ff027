import { describe, expect, it } from "vitest";
import type { ListenerSpec } from "../core/gateway-api.ts";
import type { GatewayParametersSpec } from "../core/gateway-parameters.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import type { Listener } from "./nodes.ts";
import { type TlsOptionLimits, withTlsOptions } from "./tls-options.ts";

const base: Listener = {
  key: "Gateway/infra/edge/https",
  gateway: namespacedName("infra", "edge"),
  parent: objectKey("Gateway", namespacedName("infra", "edge")),
  namespace: "infra",
  name: "https",
  port: 443,
  protocol: "HTTPS",
  hostname: "",
  allowedNamespaces: { from: "Same" },
  supportedKinds: [],
  secrets: [namespacedName("infra", "certificate")],
  rejections: [],
  served: false,
};

function read(
  options: Readonly<Record<string, string>>,
  limits: Partial<TlsOptionLimits> = {},
  listener: Partial<Listener> = {},
) {
  const tls: ListenerSpec["tls"] = { mode: "Terminate", options };
  const read = withTlsOptions(
    { ...base, ...listener },
    { tls },
    { path: "spec.listeners[0]", limits: { ofClass: undefined, ...limits } },
  );
  return { options: read.tlsOptions, messages: read.rejections.map(({ message }) => message) };
}

const version = (value: string) => ({ "gatehouse.dev/minimum-version": value });
const suites = (value: string) => ({ "gatehouse.dev/cipher-suites": value });

describe("options of a listener", () => {
  it.each<{ readonly name: string; readonly written: Readonly<Record<string, string>>; readonly want: object }>([
    { name: "a version", written: version("1.3"), want: { minimumVersion: "1.3" } },
    {
      name: "suites in the order of preference, blanks or not",
      written: suites("AES256-SHA, AES128-SHA"),
      want: { cipherSuites: ["AES256-SHA", "AES128-SHA"] },
    },
    {
      name: "both, beside another implementation's",
      written: { ...version("1.2"), ...suites("AES128-SHA"), "example.com/minimum-version": "9" },
      want: { minimumVersion: "1.2", cipherSuites: ["AES128-SHA"] },
    },
  ])("are taken: $name", ({ written, want }) => {
    expect(read(written)).toEqual({ options: want, messages: [] });
  });

  it("of other domains mean nothing, whatever they are called", () => {
    const others = { "example.com/x": "y", "gatehouse.dev.example.com/minimum-version": "1.0", __proto__x: "z" };
    expect(read(others)).toEqual({ options: undefined, messages: [] });
  });

  it.each<{
    readonly name: string;
    readonly written: Readonly<Record<string, string>>;
    readonly limits?: Partial<TlsOptionLimits>;
    readonly listener?: Partial<Listener>;
    readonly want: string;
  }>([
    {
      name: "a version that is too old for anybody",
      written: version("1.1"),
      want: '[gatehouse.dev/minimum-version] is "1.1", which is neither 1.2 nor 1.3',
    },
    {
      name: "no version",
      written: version(""),
      want: '[gatehouse.dev/minimum-version] is "", which is neither 1.2 nor 1.3',
    },
    {
      name: "a version with something behind it",
      written: version("1.3\n"),
      want: '[gatehouse.dev/minimum-version] is "1.3\\n", which is neither 1.2 nor 1.3',
    },
    {
      name: "suites that nobody knows",
      written: suites("AES128-SHA,NULL-SHA,"),
      want: '[gatehouse.dev/cipher-suites] has "NULL-SHA", "", which no proxy knows',
    },
    {
      name: "a suite that is very long",
      written: suites("A".repeat(4000)),
      want: `[gatehouse.dev/cipher-suites] has "${"A".repeat(60)}…", which no proxy knows`,
    },
    {
      name: "a suite twice",
      written: suites("AES128-SHA,AES128-SHA"),
      want: "[gatehouse.dev/cipher-suites] names a suite twice",
    },
    {
      name: "another key of ours",
      written: { "gatehouse.dev/curves": "x" },
      want: "[gatehouse.dev/curves] is not known, only gatehouse.dev/minimum-version and gatehouse.dev/cipher-suites are",
    },
    {
      name: "where TLS is passed on",
      written: version("1.3"),
      listener: { protocol: "TLS", tlsMode: "Passthrough" },
      want: "[gatehouse.dev/minimum-version] means nothing where TLS is passed on",
    },
    {
      name: "below the bounds of the class",
      written: version("1.2"),
      limits: { ofClass: { bounds: { tls: { minimumVersion: "1.3" } } } },
      want: "[gatehouse.dev/minimum-version] is 1.2, the class allows no less than 1.3",
    },
    {
      name: "suites beyond the bounds of the class",
      written: suites("AES128-SHA,AES256-SHA"),
      limits: { ofClass: { bounds: { tls: { cipherSuites: ["AES128-SHA"] } } } },
      want: "[gatehouse.dev/cipher-suites] has AES256-SHA, which the class does not allow",
    },
    {
      name: "below what the Gateway says",
      written: version("1.2"),
      limits: { ofGateway: { minimumVersion: "1.3", cipherSuites: [] } },
      want: "[gatehouse.dev/minimum-version] is 1.2, the Gateway allows no less than 1.3",
    },
    {
      name: "suites that the Gateway leaves out",
      written: suites("AES256-SHA"),
      limits: { ofGateway: { minimumVersion: "1.2", cipherSuites: ["AES128-SHA"] } },
      want: "[gatehouse.dev/cipher-suites] has AES256-SHA, which the Gateway does not allow",
    },
  ])("refuse a listener: $name", ({ written, limits, listener, want }) => {
    const message = want.startsWith("[") ? `spec.listeners[0].tls.options${want}` : want;
    expect(read(written, limits, listener)).toEqual({ options: undefined, messages: [message] });
  });

  it.each<{ readonly locked: NonNullable<GatewayParametersSpec["locked"]>; readonly refused: number }>([
    { locked: ["tls"], refused: 2 },
    { locked: ["tls.minimumVersion"], refused: 1 },
    { locked: ["tls.cipherSuites"], refused: 1 },
    { locked: ["logLevel"], refused: 0 },
  ])("obey the class's lock on $locked", ({ locked, refused }) => {
    const { messages } = read({ ...version("1.3"), ...suites("AES128-SHA") }, { ofClass: { locked } });
    expect(messages.filter((message) => message.endsWith("is locked by the class"))).toHaveLength(refused);
  });

  it("of a ListenerSet may ask for more than its Gateway does", () => {
    const ofGateway = { minimumVersion: "1.2", cipherSuites: [] } as const;
    expect(read({ ...version("1.3"), ...suites("AES128-SHA") }, { ofGateway }).messages).toEqual([]);
  });
});
