import { it } from "vitest";
import { soak } from "./support/soak.ts";
import { expectCalm } from "./support/soak-limits.ts";

const hours = Number(process.env["HOURS"] || "12");

it(`fault 25, for ${hours} hours: nothing grows, nothing differs`, async () => {
  const seconds = Math.round(hours * 3600);
  const plan = { seconds, checkSeconds: Math.min(600, seconds / 6), routes: 2000, proxies: 200, editsPerSecond: 5 };
  expectCalm(await soak(plan), plan);
});
