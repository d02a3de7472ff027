import { it } from "vitest";
import { soak } from "./support/soak.ts";
import { expectCalm } from "./support/soak-limits.ts";

it("fault 25: 1,000 routes, 5 edits a second, 100 proxies in trouble, packets lost, clocks that jump: nothing grows, nothing differs", async () => {
  const plan = { seconds: 12, checkSeconds: 12, routes: 1000, proxies: 100, editsPerSecond: 5 };
  expectCalm(await soak(plan), plan);
});
