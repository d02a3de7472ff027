import { isDeepStrictEqual } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { conditionFalse, conditionTrue } from "../../src/core/conditions.ts";
import type { RawObject } from "../../src/core/kube-client.ts";
import type { ObjectStatus, StoredParent } from "../../src/core/object-status.ts";
import { putRoute as putPlainRoute, routeKey, routeUpdate, StatusWorld } from "../status/status-world.ts";
import { eventually } from "../support/envoy.ts";
import { type FakeApiServer, type LoggedRequest, startFakeApiServer } from "../support/fake-api-server.ts";
import { scaled } from "./scale.ts";
import { controllerName as ours, putRoute, putShop } from "./support/api-objects.ts";
import { startController } from "./support/controller-process.ts";

const theirs = "example.com/other-controller";
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the other controller makes of `status.parents`, at each of its turns. */
type Behaviour = (parents: readonly StoredParent[], turn: number) => readonly StoredParent[];

function entryOfTheirs(turn: number): StoredParent {
  const condition = {
    ...conditionTrue("Accepted", 1),
    message: `turn ${turn}`,
    lastTransitionTime: "2026-01-01T00:00:00Z",
  };
  return { parentRef: { name: "theirs" }, controllerName: theirs, conditions: [condition] };
}

const isOurs = ({ controllerName }: StoredParent): boolean => controllerName === ours;
const behaviours: Readonly<Record<string, Behaviour>> = {
  "writes its own entry again and again": (parents, turn) => [...parents.filter(isOurs), entryOfTheirs(turn)],
  "writes the list in another order each time": (parents, turn) =>
    turn % 2 === 0 ? [entryOfTheirs(0), ...parents.filter(isOurs)] : [...parents.filter(isOurs), entryOfTheirs(0)],
  "throws our entry out each time": (_, turn) => [entryOfTheirs(turn)],
  "calls what we accept refused each time": (parents, turn) => [
    entryOfTheirs(turn),
    ...parents.filter(isOurs).map((parent) => ({
      ...parent,
      conditions: [
        {
          ...conditionFalse("Accepted", 1, { reason: "Other", message: "" }),
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
    })),
  ],
};
const names = Object.keys(behaviours).map((_, index) => `contested-${index}`);

function parentsOf(route: RawObject | undefined): readonly StoredParent[] {
  return ((route?.["status"] ?? {}) as ObjectStatus).parents ?? []; // as the API server keeps it
}

const foreign = (route: RawObject | undefined): readonly StoredParent[] =>
  parentsOf(route).filter((parent) => !isOurs(parent));

interface Contest {
  readonly server: FakeApiServer;
  /** Writes of ours that changed what is somebody else's. */
  readonly trespasses: readonly RawObject[];
  /** Lets the other controller have its turn on every route. */
  turn(number: number): void;
}

async function startContest(): Promise<Contest> {
  const trespasses: RawObject[] = [];
  const server = await startFakeApiServer({
    admit: ({ subresource, object, old }) => {
      if (subresource === "status" && !isDeepStrictEqual(foreign(object), foreign(old))) trespasses.push(object);
      return undefined;
    },
  });
  cleanups.push(() => server.stop());
  const turn = (number: number): void => {
    for (const [index, behave] of Object.values(behaviours).entries()) {
      const route = server.get("HTTPRoute", `shop/${names[index]}`);
      if (route === undefined) continue;
      server.put("HTTPRoute", { ...route, status: { parents: behave(parentsOf(route), number) } });
    }
  };
  return { server, trespasses, turn };
}

function writesOf(server: FakeApiServer, name: string): readonly LoggedRequest[] {
  return server.requests.filter(
    ({ method, path, status = 200 }) => method === "PATCH" && path.endsWith(`/${name}/status`) && status < 300,
  );
}

function tell({ server, trespasses }: Contest, what: string): void {
  const counts = Object.keys(behaviours).map(
    (behaviour, index) => `${writesOf(server, names[index] ?? "").length} (${behaviour})`,
  );
  console.log(
    `fault 10: ${what}: status writes of ours: ${counts.join(", ")}; ${trespasses.length} foreign entries touched`,
  );
}

describe("fault 10: two controllers own parents of one route: at most 3 status writes of ours in 10 minutes, nothing foreign touched", () => {
  it("fault 10: with a whole control plane, in real time", async () => {
    const contest = await startContest();
    const { server, trespasses, turn } = contest;
    putShop(server, 0);
    for (const name of names) putRoute(server, name);
    const controller = await startController(server.url);
    cleanups.push(() => controller.stop());
    await eventually("the first statuses", () =>
      names.every((name) => parentsOf(server.get("HTTPRoute", `shop/${name}`)).some(isOurs)),
    );
    const seconds = scaled({ short: 25, long: 600 });
    for (let number = 0; number < seconds * 5; number += 1) {
      turn(number);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    tell(contest, `${seconds} s of a control plane, a turn of the other every 200 ms`);
    for (const name of names) expect(writesOf(server, name).length).toBeLessThanOrEqual(3);
    // Who does not fight costs nothing at all after the first.
    for (const name of names.slice(0, 2)) expect(writesOf(server, name)).toHaveLength(1);
    expect(trespasses).toEqual([]);
  });

  it("fault 10: all 10 minutes, by a clock that the test turns", async () => {
    const contest = await startContest();
    const { server, trespasses, turn } = contest;
    for (const name of names) putPlainRoute(server, name);
    const world = new StatusWorld(server);
    cleanups.push(() => world.writer.stop());
    world.observe();
    for (const name of names) world.writer.update(routeKey(name), routeUpdate(name));
    world.writer.lead(true);
    await world.pass(1_000, 500);
    for (let number = 0; number < 599; number += 1) {
      turn(number);
      world.observe();
      await world.pass(1_000, 1_000);
    }
    tell(contest, "10 minutes of a status writer, a turn of the other every second");
    for (const name of names) expect(writesOf(server, name).length).toBeLessThanOrEqual(3);
    for (const name of names.slice(0, 2)) expect(writesOf(server, name)).toHaveLength(1);
    expect(trespasses).toEqual([]);
    // After ten minutes it tries again: whoever fought may have gone.
    await world.pass(120_000, 1_000);
    for (const name of names) expect(parentsOf(server.get("HTTPRoute", `shop/${name}`)).some(isOurs)).toBe(true);
  });
});
