import { expect, it } from "vitest";
import type { ReplicaCounts } from "../core/convergence.ts";
import { namespacedName, objectKey } from "../core/keys.ts";
import { reportConvergence } from "./convergence-report.ts";
import type { Obstacle } from "./obstacle.ts";

const edge = namespacedName("infra", "edge");
const other = namespacedName("infra", "other");
const object = objectKey("HTTPRoute", namespacedName("shop", "cart"));
const refused: Obstacle = { state: "never", reason: "NotAccepted", message: "it is refused" };

/** A replica at a generation, with `acknowledged/connected` proxies by Gateway. */
function replica(generation: number, gateways: Readonly<Record<string, string>> = {}): ReplicaCounts {
  const counts = Object.entries(gateways).map(([gateway, told]) => {
    const [acknowledged = 0, connected = 0] = told.split("/").map(Number);
    return { gateway: gateway === "edge" ? edge : other, connected, acknowledged };
  });
  return { generation, gateways: counts };
}

const unaware: ReplicaCounts = { gateways: [] };

interface Case {
  readonly name: string;
  readonly own: ReplicaCounts;
  readonly others?: readonly (ReplicaCounts | undefined)[];
  readonly obstacle?: Obstacle;
  readonly want: string;
}

it.each<Case>([
  {
    name: "adds the proxies of all replicas up",
    own: replica(2, { edge: "1/1", other: "1/1" }),
    others: [replica(2, { edge: "3/3" })],
    want: "converged 2: edge 4/4, other 1/1: generation 2 is acknowledged by all proxies, 5 of 5",
  },
  {
    name: "waits for the proxies of another replica",
    own: replica(2, { edge: "1/1" }),
    others: [replica(2, { edge: "1/3" })],
    want: "pending 2: edge 2/4: generation 2 is acknowledged by 2 of 4 proxies of infra/edge",
  },
  {
    name: "takes no word for another generation from a replica that is behind",
    own: replica(2, { edge: "1/1" }),
    others: [replica(1, { edge: "3/3" })],
    want: "pending 2: edge 1/4: 1 of 2 replicas have not read generation 2 yet",
  },
  {
    name: "knows that it is behind itself, and does not judge then",
    own: replica(1, { edge: "1/1" }),
    others: [replica(2, { edge: "3/3" })],
    obstacle: refused,
    want: "pending 2: edge 3/4: 1 of 2 replicas have not read generation 2 yet",
  },
  {
    name: "waits for a replica that has not seen the object",
    own: replica(1, { edge: "1/1" }),
    others: [unaware],
    want: "pending 1: edge 1/1: 1 of 2 replicas have not read generation 1 yet",
  },
  {
    name: "is not sure of what a silent replica has",
    own: replica(2, { edge: "1/1" }),
    others: [undefined, replica(2, { edge: "1/1" })],
    want: "pending 2: edge 2/2: 2 of 3 replicas answered",
  },
  {
    name: "says what stands in the way before anything else",
    own: replica(2),
    others: [undefined],
    obstacle: refused,
    want: "never 2: : it is refused",
  },
  {
    name: "wants a proxy of every Gateway",
    own: replica(2, { edge: "0/0", other: "1/1" }),
    want: "pending 2: edge 0/0, other 1/1: no proxy of infra/edge is connected",
  },
  {
    name: "counts one proxy on whichever replica",
    own: replica(2, { edge: "0/0" }),
    others: [replica(2, { edge: "1/1" })],
    want: "converged 2: edge 1/1: generation 2 is acknowledged by all proxies, 1 of 1",
  },
  {
    name: "knows nothing of what nobody has seen",
    own: unaware,
    others: [unaware],
    obstacle: refused,
    want: "pending -: : no replica of the control plane knows of it",
  },
])("$name", ({ own, others = [], obstacle, want }) => {
  const report = reportConvergence({ object, own, others, obstacle, named: new Set([edge]) });
  const gateways = report.gateways.map(
    ({ gateway, acknowledged, connected }) => `${gateway.name} ${acknowledged}/${connected}`,
  );
  const told = `${report.state} ${report.generation ?? "-"}: ${gateways.join(", ")}: ${report.message}`;
  expect(told).toBe(want);
  expect(report.replicas.known).toBe(others.length + 1);
  expect(report.gateways.filter(({ named }) => named).every(({ gateway }) => gateway.name === "edge")).toBe(true);
});
