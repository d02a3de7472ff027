/** Loaded into a control plane before its own code: measures how late its event loop is, and tells its parent on request. */
import { monitorEventLoopDelay } from "node:perf_hooks";

const resolution = 10;
const histogram = monitorEventLoopDelay({ resolution });
histogram.enable();

process.on("message", (message) => {
  if (message === "reset loop delay") histogram.reset();
  // The time between two looks is part of what is measured.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolution);
  process.send?.({ p99: late(histogram.percentile(99)), max: late(histogram.max) });
});
process.channel?.unref();
