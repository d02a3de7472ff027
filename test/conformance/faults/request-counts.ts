import { orAbsent } from "../bed/api.ts";
import type { Bed } from "../bed/start-bed.ts";
import { waitFor } from "../bed/wait-for.ts";
import { gatehouse } from "../suite/install-gatehouse.ts";

/** Requests that the API server has got from the control plane's service account, by what they are about. */
export interface RequestCounts {
  readonly watches: number;
  readonly leases: number;
  readonly others: number;
}

/**
 * Has the API server count what the control plane asks: a flow of its own for each sort of request, which its metrics tell
 * apart. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
 */
export async function countRequests(bed: Bed): Promise<void> {
  await createFlow(bed, { name: flows.watches, precedence: 101, verbs: ["watch"], resources: everything });
  const leases = { apiGroups: ["coordination.k8s.io"], resources: ["leases"] };
  await createFlow(bed, { name: flows.leases, precedence: 102, verbs: ["*"], resources: leases });
  await createFlow(bed, { name: flows.others, precedence: 103, verbs: ["*"], resources: everything });
  // The replicas ask for the Lease every few seconds.
  await waitFor("the API server to count", async () => (await readCounts(bed)).leases > 0, 30);
}

/** The counts so far. */
export async function readCounts({ api }: Bed): Promise<RequestCounts> {
  // Metrics are no JSON, which the client hands on as a message.
  const { message } = await api.get<{ readonly message: string }>("/metrics");
  const of = (flow: string): number =>
    message
      .split("\n")
      .filter((line) => line.startsWith("apiserver_flowcontrol_dispatched_requests_total{"))
      .filter((line) => line.includes(`flow_schema="${flow}"`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  return { watches: of(flows.watches), leases: of(flows.leases), others: of(flows.others) };
}

const flows = { watches: "count-watches", leases: "count-leases", others: "count-others" } as const;

const everything = { apiGroups: ["*"], resources: ["*"] };

interface Flow {
  readonly name: string;
  readonly precedence: number;
  readonly verbs: readonly string[];
  readonly resources: { readonly apiGroups: readonly string[]; readonly resources: readonly string[] };
}

async function createFlow({ api }: Bed, { name, precedence, verbs, resources }: Flow): Promise<void> {
  const { namespace, release } = gatehouse;
  // A second try finds what the first has made.
  if ((await orAbsent(api.get(`/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/${name}`))) !== undefined) return;
  const resourceRules = [{ ...resources, verbs, clusterScope: true, namespaces: ["*"] }];
  await api.create("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", {
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name },
    spec: {
      matchingPrecedence: precedence,
      priorityLevelConfiguration: { name: "workload-high" },
      rules: [{ subjects: [{ kind: "ServiceAccount", serviceAccount: { namespace, name: release } }], resourceRules }],
    },
  });
}
