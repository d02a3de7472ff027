import { describe, expect, it } from "vitest";
import { readControllerConfig } from "./controller-config.ts";

const needed = {
  GATEHOUSE_NAMESPACE: "gatehouse-system",
  GATEHOUSE_POD_NAME: "gatehouse-0",
  GATEHOUSE_POD_ADDRESS: "192.0.2.7",
  GATEHOUSE_XDS_SERVICE: "gatehouse-xds.gatehouse-system.svc",
  GATEHOUSE_AGENT_IMAGE: "example.com/gatehouse:1",
};

function read(more: Record<string, string> = {}) {
  return readControllerConfig({}, { ...needed, ...more });
}

describe("readControllerConfig", () => {
  it("takes what a pod is told by its environment, and defaults for the rest", () => {
    expect(read({ GATEHOUSE_WATCH_NAMESPACES: "a, b,a," })).toMatchObject({
      kind: "valid",
      config: {
        controllerName: "gatehouse.dev/gateway-controller",
        namespace: "gatehouse-system",
        watchNamespaces: ["a", "b"],
        xdsAddress: { host: "0.0.0.0", port: 18_000 },
        peersAddress: { host: "0.0.0.0", port: 18_001 },
        debugAddress: { host: "127.0.0.1", port: 8_082 },
        leaseName: "gatehouse",
        fleetCertificateHours: 24,
        claimHours: 1,
        imagePullPolicy: "IfNotPresent",
      },
    });
  });

  it("lets a flag count before the environment", () => {
    expect(readControllerConfig({ leaseName: "other" }, { ...needed, GATEHOUSE_LEASE_NAME: "mine" })).toMatchObject({
      config: { leaseName: "other" },
    });
  });

  it("serves no webhook unless it is told its name", () => {
    expect(read({ GATEHOUSE_WEBHOOK_ADDRESS: "0.0.0.0:18443" })).toMatchObject({ kind: "valid" });
    expect(read()).not.toHaveProperty("config.webhook");
    expect(read({ GATEHOUSE_WEBHOOK_SERVICE: "webhook.gatehouse-system.svc" })).toHaveProperty("config.webhook", {
      address: { host: "0.0.0.0", port: 18_443 },
      service: "webhook.gatehouse-system.svc",
      namesHolders: true,
    });
    const more = { GATEHOUSE_WEBHOOK_CONFIGURATION: "gatehouse", GATEHOUSE_WEBHOOK_NAMES_HOLDERS: "false" };
    expect(read({ GATEHOUSE_WEBHOOK_SERVICE: "webhook.gatehouse-system.svc", ...more })).toMatchObject({
      config: { webhook: { configuration: "gatehouse", namesHolders: false } },
    });
  });

  it("answers no tenants unless it is told its name", () => {
    expect(read({ GATEHOUSE_API_ADDRESS: "0.0.0.0:18444" })).not.toHaveProperty("config.api");
    expect(read({ GATEHOUSE_API_SERVICE: "api.gatehouse-system.svc" })).toHaveProperty("config.api", {
      address: { host: "0.0.0.0", port: 18_444 },
      service: "api.gatehouse-system.svc",
    });
  });

  it("names everything that is missing at once", () => {
    const result = readControllerConfig({}, {});
    const problems = result.kind === "invalid" ? result.problems : [];
    for (const flag of ["namespace", "pod-name", "pod-address", "xds-service", "agent-image"]) {
      expect(problems).toContainEqual(expect.stringContaining(`--${flag} `));
    }
  });

  it.each([
    ["a pod address that is none", { GATEHOUSE_POD_ADDRESS: "here" }, "--pod-address"],
    ["a certificate without a life", { GATEHOUSE_FLEET_CERTIFICATE_HOURS: "0" }, "--fleet-certificate-hours"],
    ["an unknown pull policy", { GATEHOUSE_IMAGE_PULL_POLICY: "Sometimes" }, "--image-pull-policy"],
    [
      "a webhook on a host",
      { GATEHOUSE_WEBHOOK_SERVICE: "webhook.svc", GATEHOUSE_WEBHOOK_ADDRESS: "webhook:443" },
      "--webhook-address",
    ],
    ["open debug pages", { GATEHOUSE_DEBUG_ADDRESS: "0.0.0.0:8082" }, "--debug-address 0.0.0.0:8082 is not loopback"],
  ])("refuses %s", (_name, more, problem) => {
    expect(read(more)).toEqual({ kind: "invalid", problems: [expect.stringContaining(problem)] });
  });
});
