import { describe, expect, it } from "vitest";
import { chooseGateway, type TryCandidate } from "./choose-gateway.ts";

const shared: TryCandidate = {
  gateway: "infra/shared",
  programmed: true,
  addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
  listeners: [
    { port: 80, protocol: "HTTP", hostname: "*.example.com" },
    { port: 8443, protocol: "HTTPS" },
  ],
};
const own: TryCandidate = {
  gateway: "team/own",
  programmed: true,
  addresses: [{ type: "Hostname", value: "lb.example.net" }],
  listeners: [{ port: 80, protocol: "HTTP", hostname: "own.example.org" }],
};
const choose = (url: string, wanted?: string) => chooseGateway([shared, own], new URL(url), wanted);

describe("chooseGateway", () => {
  it.each([
    ["by a wildcard of a listener", "http://shop.example.com/x", "infra/shared", "192.0.2.1", 80],
    ["by an exact hostname, in any case", "http://OWN.example.org/", "team/own", "lb.example.net", 80],
    ["by its address", "http://192.0.2.1:81/", "infra/shared", "192.0.2.1", 81],
    ["by port and scheme", "https://anything.test:8443/", "infra/shared", "192.0.2.1", 8443],
  ])("finds a Gateway %s", (_name, url, gateway, address, port) => {
    expect(choose(url)).toEqual({ kind: "chosen", target: { gateway, address, port } });
  });

  it("takes the one that is named", () => {
    expect(choose("http://whatever.test/", "team/own")).toMatchObject({ target: { gateway: "team/own", port: 80 } });
  });

  it.each([
    ["no listener has the hostname", "http://example.com/", undefined, "no Gateway has a listener for example.com"],
    ["the scheme is another", "https://shop.example.com:80/", undefined, "no Gateway has a listener"],
    ["nobody has that name", "http://shop.example.com/", "a/b", "there is no Gateway a/b of ours"],
  ])("says why when %s", (_name, url, wanted, message) => {
    expect(choose(url, wanted)).toEqual({ kind: "none", message: expect.stringContaining(message) });
  });

  it("asks when several fit, and waits for an address", () => {
    const twin = { ...shared, gateway: "infra/twin" };
    expect(chooseGateway([shared, twin], new URL("http://a.example.com/"))).toMatchObject({
      message: "a.example.com may mean any of infra/shared, infra/twin: say which with --gateway",
    });
    expect(chooseGateway([{ ...shared, programmed: false }], new URL("http://a.example.com/"))).toEqual({
      kind: "waiting",
      message: "the Gateway infra/shared is not programmed",
      target: { gateway: "infra/shared", address: "192.0.2.1", port: 80 },
    });
    expect(chooseGateway([{ ...shared, addresses: [] }], new URL("http://a.example.com/"))).toEqual({
      kind: "waiting",
      message: "the Gateway infra/shared has no address yet",
    });
  });
});
