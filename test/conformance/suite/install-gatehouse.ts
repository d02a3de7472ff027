import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bedNetwork } from "../bed/layout.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";

/** Where the bed's users find Gatehouse. */
export const gatehouse = { namespace: "gatehouse-system", release: "gatehouse", gatewayClass: "gatehouse" } as const;

/** What of a GatewayClass tells that its controller is there. */
export interface GatewayClass {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
    readonly supportedFeatures?: readonly { readonly name: string }[];
  };
}

/** Installs Gatehouse from this checkout's chart and waits until it has accepted its GatewayClass. */
export async function installGatehouse(
  bed: Bed,
  values: Readonly<Record<string, unknown>> = {},
): Promise<GatewayClass> {
  const { namespace, release, gatewayClass } = gatehouse;
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const metadata = { name: namespace, labels };
  await bed.api.apply(`/api/v1/namespaces/${namespace}`, { apiVersion: "v1", kind: "Namespace", metadata });
  const given = { class: { name: gatewayClass, parameters: poolParameters }, ...values };
  const install = ["helm", "upgrade", "--install", release, chart, "--namespace", namespace, "--values", "-"];
  const { code, stdout, stderr } = await bed.run([...install, "--wait", "--timeout", "120s"], {
    input: JSON.stringify(given),
    timeoutSeconds: 150,
  });
  if (code !== 0) throw new Error(`helm could not install Gatehouse: ${stderr || stdout}\n${await podsOf(bed)}`);
  return waitFor(`GatewayClass ${gatewayClass} to be accepted`, () => acceptedClass(bed), 60);
}

const chart = join(fileURLToPath(new URL("../../..", import.meta.url)), "deploy/helm/gatehouse");

/** Gateways of the bed may ask for what its load balancer has. */
const poolParameters = { bounds: { addresses: [bedNetwork.loadBalancerPool] } };

async function acceptedClass({ api }: Bed): Promise<GatewayClass | undefined> {
  const path = `/apis/gateway.networking.k8s.io/v1/gatewayclasses/${gatehouse.gatewayClass}`;
  const found = await api.get<GatewayClass>(path);
  const accepted = found.status?.conditions?.find(({ type }) => type === "Accepted");
  if (accepted?.status === "True") return found;
  throw new Error(accepted?.message ?? "it has no condition Accepted");
}

/** What a person would look at next. */
async function podsOf(bed: Bed): Promise<string> {
  const { namespace, release } = gatehouse;
  const pods = await bed.run(["kubectl", "get", "pods,events", "--namespace", namespace]);
  const logs = await bed.run(["kubectl", "logs", `deployment/${release}`, "--namespace", namespace, "--tail=20"]);
  return `${pods.stdout.slice(-4000)}\n${logs.stdout}${logs.stderr}`;
}
