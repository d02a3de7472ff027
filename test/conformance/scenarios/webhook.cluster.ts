import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { untilReplicasReady } from "../faults/control-plane-pods.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";
import { restrictedNamespace } from "./cluster-manifest.ts";
import { gatewayOf, openListeners } from "./gateway-objects.ts";
import { conditionOf, readObject } from "./gateway-status.ts";
import { applyAs, appointDeveloper, asAdministrator, kubectlAs, type Person } from "./people.ts";
import { type ScenarioBed, startScenarioBed } from "./scenario-bed.ts";

const configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const denied = 'admission webhook "hostnames.gatehouse.dev" denied the request: ';
let scenario: ScenarioBed;
let bed: Bed;
/** Has the hostname. */
let billing: Person;
/** Wants it, and may not read billing's routes. */
let shop: Person;

beforeAll(async () => {
  scenario = await startScenarioBed();
  bed = scenario.bed;
  await applyAs(bed, "cluster-operator", [
    ...["infra", "billing", "shop"].map((name) => restrictedNamespace(name)),
    gatewayOf("infra", "shared", gatehouse.gatewayClass, { listeners: openListeners }),
  ]);
  billing = await appointDeveloper(bed, "billing");
  shop = await appointDeveloper(bed, "shop");
  await applyAs(bed, billing, [route("billing", "api", "api.example.com")]);
  await waitFor("billing's route to be accepted", async () => (await accepted("billing/api"))?.status === "True");
});

afterAll(() => scenario?.stop());

// Each of these goes on where the one before it ended.
describe("a hostname that another team has", () => {
  it("is refused at kubectl apply, which names nobody to somebody who may not look", async () => {
    await waitFor("the API server to ask", async () => {
      const said = await refusal(shop, ["apply", "--dry-run=server", "-f", "-"]);
      return said?.includes("denied the request") ?? false;
    });
    const said = await refusal(shop, ["apply", "-f", "-"]);
    expect(said).toContain(`${denied}Hostname 'api.example.com' is already claimed in this cluster.`);
    expect(said).not.toMatch(/billing/);
    expect(await asAdministrator(bed, "get", "httproutes", "--namespace=shop", "--output=name")).toBe("");
  });

  it("is refused to the platform in the article's words", async () => {
    const input = JSON.stringify(route("shop", "web", "api.example.com"));
    const { code, stderr } = await bed.run(["kubectl", "apply", "-f", "-"], { input });
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      `${denied}Hostname 'api.example.com' is already claimed by HTTPRoute 'api' in namespace 'billing'.`,
    );
  });

  it("leaves its owner free to change the route, and everybody else free to have another hostname", async () => {
    await applyAs(bed, billing, [route("billing", "api", "api.example.com", "pay.example.com")]);
    await applyAs(bed, shop, [route("shop", "other", "shop.example.com")]);
  });

  it("is stored while the control plane is away, and refused by it when it is back", async () => {
    await scale(0);
    // Those that are on their way out answer still.
    await waitFor("the control plane to be gone", async () => (await podNames()) === "");
    await applyAs(bed, shop, [route("shop", "web", "api.example.com")]);
    await scale(2);
    await untilReplicasReady(bed);
    const condition = await waitFor("the refusal in the status", async () => {
      const found = await accepted("shop/web");
      return found?.status === "False" && found;
    });
    expect(condition.reason).toBe("HostnameClaimed");
    expect(condition.message).not.toMatch(/billing/);
    expect((await accepted("billing/api"))?.status).toBe("True");
  });
});

describe("uninstalling", () => {
  it("leaves no webhook behind", async () => {
    const { namespace, release } = gatehouse;
    expect(await bed.api.get(`${configurations}/gatehouse`)).toMatchObject({ metadata: { name: "gatehouse" } });
    const { code, stderr } = await bed.run(["helm", "uninstall", release, "--namespace", namespace]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await bed.api.get<{ items: readonly unknown[] }>(configurations)).items).toEqual([]);
    // The roles of the developers are gone, too.
    const input = JSON.stringify(route("shop", "later", "api.example.com"));
    expect(await bed.run(["kubectl", "apply", "-f", "-"], { input })).toMatchObject({ code: 0, stderr: "" });
  });
});

function route(namespace: string, name: string, ...hostnames: readonly string[]): object {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace, name },
    spec: {
      parentRefs: [{ name: "shared", namespace: "infra" }],
      hostnames,
      rules: [{ backendRefs: [{ name, port: 80 }] }],
    },
  };
}

async function accepted(name: string) {
  return conditionOf(await readObject(bed, `HTTPRoute ${name}`), "Accepted", "infra/shared");
}

/** What kubectl says when it is refused shop's route; undefined when it is not. */
async function refusal(person: Person, args: readonly string[]): Promise<string | undefined> {
  try {
    await kubectlAs(bed, person, args, route("shop", "web", "api.example.com"));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function podNames(): Promise<string> {
  const selector = "--selector=app.kubernetes.io/component=control-plane";
  return asAdministrator(bed, "get", "pods", selector, "--namespace", gatehouse.namespace, "--output=name");
}

async function scale(replicas: number): Promise<void> {
  const { namespace, release } = gatehouse;
  await asAdministrator(bed, "scale", `deployment/${release}`, `--replicas=${replicas}`, "--namespace", namespace);
}
