import { describe, expect, it } from "vitest";
import { readConfig, type settings } from "./config.ts";
import { type Flags, formatListenAddress, parseListenAddress } from "./settings.ts";

const minimal: Flags<keyof typeof settings> = { manifests: "manifests" };

function problems(flags: Flags<keyof typeof settings>, environment: Record<string, string> = {}): readonly string[] {
  const result = readConfig({ ...minimal, ...flags }, environment);
  return result.kind === "invalid" ? result.problems : [];
}

function config(flags: Flags<keyof typeof settings>, environment: Record<string, string> = {}) {
  const result = readConfig({ ...minimal, ...flags }, environment);
  if (result.kind === "invalid") throw new Error(result.problems.join("\n"));
  return result.config;
}

describe("readConfig", () => {
  it("needs nothing but the folder, and listens for Envoy and for people on loopback only", () => {
    const read = config({});
    expect(read).toEqual({
      manifests: "manifests",
      controllerName: "gatehouse.dev/gateway-controller",
      bindAddresses: ["0.0.0.0"],
      xdsAddress: { host: "127.0.0.1", port: 18000 },
      healthAddress: { host: "0.0.0.0", port: 8081 },
      debugAddress: { host: "127.0.0.1", port: 8082 },
      debugAllowRemote: false,
      claimHours: 1,
      ledgerEntries: 10_000,
      logLevel: "info",
    });
    expect(Object.isFrozen(read)).toBe(true);
  });

  it("prefers a flag to the environment and the environment to the default", () => {
    const environment = {
      GATEHOUSE_LOG_LEVEL: "warn",
      GATEHOUSE_BIND_ADDRESS: "127.0.0.9, ::1",
      GATEHOUSE_PORTS_FILE: "",
    };
    const read = config({ logLevel: "debug" }, environment);
    expect(read.logLevel).toBe("debug");
    expect(read.bindAddresses).toEqual(["127.0.0.9", "::1"]);
    expect(read.portsFile).toBeUndefined();
  });

  it("takes a switch from the environment", () => {
    const environment = { GATEHOUSE_DEBUG_ALLOW_REMOTE: "true", GATEHOUSE_DEBUG_ADDRESS: "0.0.0.0:0" };
    expect(config({}, environment).debugAllowRemote).toBe(true);
    expect(problems({}, { GATEHOUSE_DEBUG_ALLOW_REMOTE: "yes" })).toEqual([
      '--debug-allow-remote (or GATEHOUSE_DEBUG_ALLOW_REMOTE) must be true or false, not "yes"',
    ]);
  });

  it("tells everything that is wrong at once, one sentence each", () => {
    const found = problems({
      manifests: "",
      controllerName: "gatehouse",
      bindAddress: "127.0.0.1,gateway.example",
      xdsAddress: "127.0.0.1",
      healthAddress: "example.com:80",
      debugAddress: "127.0.0.1:65536",
      logLevel: "loud",
    });
    expect(found.map((problem) => problem.split(" ")[0])).toEqual([
      "--manifests",
      "--controller-name",
      "--bind-address",
      "--xds-address",
      "--health-address",
      "--debug-address",
      "--log-level",
    ]);
    expect(found.filter((problem) => problem.includes("\n"))).toEqual([]);
  });

  it.each(["0.0.0.0:18000", "[::]:18000", "192.0.2.1:18000"])("refuses plaintext xDS on %s", (xdsAddress) => {
    expect(problems({ xdsAddress })).toEqual([expect.stringContaining(`--xds-address ${xdsAddress} is not loopback`)]);
  });

  it("answers AdmissionReviews where it is told to, on loopback only", () => {
    expect(config({ webhookAddress: "127.0.0.1:8443" }).webhookAddress).toEqual({ host: "127.0.0.1", port: 8443 });
    expect(problems({ webhookAddress: "0.0.0.0:8443" })).toEqual([
      expect.stringContaining("--webhook-address 0.0.0.0:8443 is not loopback"),
    ]);
  });

  it("serves xDS on any address with mutual TLS, for which all three files are needed", () => {
    const files = { xdsCert: "cert.pem", xdsKey: "key.pem", xdsCa: "ca.pem" };
    expect(config({ xdsAddress: "0.0.0.0:18000", ...files }).xdsTls).toEqual({
      certificate: "cert.pem",
      key: "key.pem",
      clientAuthority: "ca.pem",
      trustDomain: "cluster.local",
    });
    expect(problems({ xdsCert: "cert.pem", xdsKey: "key.pem" })).toEqual([
      expect.stringContaining("all three or none"),
    ]);
  });

  it("refuses a remote debug address unless it is asked for by name", () => {
    expect(problems({ debugAddress: "0.0.0.0:8082" })).toEqual([expect.stringContaining("--debug-allow-remote")]);
    expect(problems({ debugAddress: "0.0.0.0:8082", debugAllowRemote: true })).toEqual([]);
  });
});

describe("parseListenAddress", () => {
  it.each(["127.0.0.1:0", "[::1]:65535", "0.0.0.0:8081"])("reads %s and writes it back", (text) => {
    const address = parseListenAddress(text);
    expect(address && formatListenAddress(address)).toBe(text);
  });

  it("takes localhost for the address that it stands for", () => {
    expect(parseListenAddress("localhost:80")).toEqual({ host: "127.0.0.1", port: 80 });
  });

  it.each(["", ":80", "127.0.0.1", "127.0.0.1:", "::1:80", "[127.0.0.1]:80", "127.1:80", "127.0.0.1:99999", "a b:1"])(
    "refuses %j",
    (text) => {
      expect(parseListenAddress(text)).toBeUndefined();
    },
  );
});
