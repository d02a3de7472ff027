import { expect, it } from "vitest";
import { createMetrics } from "../metrics.ts";
import { EventLoopDelay } from "./event-loop.ts";

it("tells for how long the loop was kept, since it was asked last", async () => {
  const delay = new EventLoopDelay();
  const metrics = createMetrics();
  const told = async () => {
    delay.measure(metrics);
    const lines = (await metrics.render()).body.split("\n");
    const of = (quantile: string) => {
      const start = `gatehouse_event_loop_delay_seconds{quantile="${quantile}"} `;
      return Number(lines.find((line) => line.startsWith(start))?.slice(start.length));
    };
    return { p50: of("p50"), p99: of("p99"), max: of("max") };
  };
  const turn = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await turn(50);
  const busyUntil = performance.now() + 300;
  while (performance.now() < busyUntil);
  await turn(50);
  const busy = await told();
  expect(busy.max).toBeGreaterThan(0.25);
  expect(busy.max).toBeLessThan(5);
  expect(busy.p50).toBeLessThan(0.1);
  delay.stop();
  expect((await told()).max).toBe(0);
});
