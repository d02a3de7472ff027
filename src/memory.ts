import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's heap near what is alive. Left alone, its young generation grows to three times 16 MiB and more as it is used, and
 * its old one to several times what is alive, and little of it is given back: 331 MiB resident at 5,000 routes instead of 207,
 * for a change that costs 0.13 ms of CPU either way. To be called before anything is read.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--max-semi-space-size=8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=30");
}
