import { expect, it } from "vitest";
import type { ConvergenceReport } from "../core/convergence.ts";
import { type AwaitedObject, waitForObjects } from "./wait-for-objects.ts";

const cart: AwaitedObject = { kind: "HTTPRoute", namespace: "shop", name: "cart" };
const other: AwaitedObject = { ...cart, name: "other" };

/** What the control plane says: the state, perhaps with `@generation`; words with a space are a failure to ask. */
type Said = string;

/** Waits on a clock of its own; the last thing said is said again and again. */
async function wait(
  said: Readonly<Record<string, readonly Said[]>>,
  options: { readonly generation?: number; readonly timeoutMs?: number } = {},
) {
  let now = 0;
  const asked: string[] = [];
  const problems: string[] = [];
  const left = new Map(Object.entries(said).map(([name, all]) => [name, [...all]]));
  const objects = [cart, other].filter(({ name }) => name in said);
  const results = await waitForObjects(objects, {
    timeoutMs: 60_000,
    ...options,
    ask: async (object) => {
      asked.push(`${object.name} ${now}`);
      const all = left.get(object.name) ?? [];
      const [next = ""] = all.length > 1 ? all.splice(0, 1) : all;
      return next.includes(" ") ? new Error(next) : answer(object, next);
    },
    pause: async (milliseconds) => {
      now += milliseconds;
    },
    now: () => now,
    onProblem: (message) => problems.push(message),
  });
  const outcomes = results.map(({ object, outcome, message }) => `${object.name} ${outcome}: ${message}`);
  return { outcomes, asked, problems, now };
}

function answer(object: AwaitedObject, said: Said): ConvergenceReport {
  const [state = "", generation = "1"] = said.split("@");
  return {
    object,
    ...(generation !== "-" && { generation: Number(generation) }),
    state: state as ConvergenceReport["state"], // the tests write it
    reason: "Waiting",
    message: `it is ${state}`,
    gateways: [],
    replicas: { answered: 1, known: 1 },
  };
}

it("asks once a second until it is there", async () => {
  const { outcomes, asked } = await wait({ cart: ["pending", "pending", "converged"] });
  expect(outcomes).toEqual(["cart converged: it is converged"]);
  expect(asked).toEqual(["cart 0", "cart 1000", "cart 2000"]);
});

it("asks for several one after the other, and no more for those that are there", async () => {
  const { outcomes, asked } = await wait({ cart: ["converged"], other: ["pending", "converged"] });
  expect(outcomes).toEqual(["cart converged: it is converged", "other converged: it is converged"]);
  expect(asked).toEqual(["cart 0", "other 250", "other 1250"]);
});

it("says what it waits for when time is up", async () => {
  const { outcomes, now } = await wait({ cart: ["pending"] }, { timeoutMs: 2_500 });
  expect(outcomes).toEqual(["cart pending: it is pending"]);
  expect(now).toBe(2_500);
});

it("believes that it will never be once that has stood for two seconds, and waits for nothing else then", async () => {
  const { outcomes, now } = await wait({ cart: ["pending", "never"], other: ["pending"] });
  expect(outcomes).toEqual(["cart never: it is never", "other pending: it is pending"]);
  expect(now).toBeGreaterThanOrEqual(3_000);
  expect(now).toBeLessThan(6_000);
});

it("goes on when what stood in the way is gone", async () => {
  const { outcomes } = await wait({ cart: ["never", "never", "pending", "never", "never", "converged"] });
  expect(outcomes).toEqual(["cart converged: it is converged"]);
});

it("tells that it will never be also when there is no time to be sure", async () => {
  expect((await wait({ cart: ["never"] }, { timeoutMs: 500 })).outcomes).toEqual(["cart never: it is never"]);
});

it("waits for the generation that is wanted, and takes a newer one", async () => {
  const said = { cart: ["converged@1", "never@1", "pending@3", "converged@3"] };
  const { outcomes, asked } = await wait(said, { generation: 2 });
  expect(outcomes).toEqual(["cart converged: it is converged"]);
  expect(asked.length).toBe(4);
  expect((await wait({ cart: ["converged@1"] }, { generation: 2 })).outcomes).toEqual([
    "cart pending: generation 2 is not there: the newest is 1",
  ]);
});

it("goes on asking when nobody answers, and says so once", async () => {
  const { outcomes, problems } = await wait({ cart: ["no answer", "no answer", "pending", "no answer", "converged"] });
  expect(outcomes).toEqual(["cart converged: it is converged"]);
  expect(problems).toEqual(["no answer"]);
});

it("tells apart who never answered from who did before", async () => {
  expect((await wait({ cart: ["no answer"] })).outcomes).toEqual(["cart unanswered: no answer"]);
  expect((await wait({ cart: ["pending", "no answer"] })).outcomes).toEqual(["cart pending: it is pending"]);
});
