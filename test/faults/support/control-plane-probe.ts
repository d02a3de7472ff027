/** Loaded before a control plane that is watched: turns its wall clock and measures it, when its parent says so. */
import { readdirSync } from "node:fs";
import type { Measure, ProbeQuestion } from "./measure.ts";

const RealDate = Date;
let offsetMs = 0;

/** The wall clock jumps; timers and the clock that only goes forward do not, as on a machine whose time is set. */
class TurnedDate extends RealDate {
  constructor(...parts: [] | [number | string | Date]) {
    if (parts.length === 0) super(RealDate.now() + offsetMs);
    else super(...(parts as [number]));
  }

  static override now(): number {
    return RealDate.now() + offsetMs;
  }
}

// Everything that asks for the time gets this one.
globalThis.Date = TurnedDate as DateConstructor;

process.on("message", (question: ProbeQuestion) => {
  if (question.kind === "clock") offsetMs = question.offsetMs;
  process.send?.(question.kind === "measure" ? measure() : "turned");
});
// A control plane ends although somebody might still ask it something.
process.channel?.unref();

function measure(): Measure {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const count = (name: string) => resources.filter((resource) => resource === name).length;
  return {
    heapMiB: heapUsed / 2 ** 20,
    rssMiB: rss / 2 ** 20,
    files: readdirSync("/proc/self/fd").length,
    timers: count("Timeout"),
    connections: count("TCPSocketWrap"),
  };
}
