import { join } from "node:path";
import { fileURLToPath } from "node:url";

const checkout = fileURLToPath(new URL("../../..", import.meta.url));

/** Where a run leaves its results: the suite's output, its report, and the logs of the cluster. */
export const resultFolder = join(checkout, ".cache/conformance");

/** Where the cluster of a run keeps its state. */
export const stateFolder = join(checkout, ".cache/bed/conformance");

/** Tells which process is running the suite. */
export const runFile = join(checkout, ".cache/bed/conformance-run");
