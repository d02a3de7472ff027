import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CrdSelection } from "../bed/crds.ts";

const checkout = fileURLToPath(new URL("../../..", import.meta.url));

/** Where a run leaves its results: the suite's output, its report, and the logs of the cluster. */
export function resultFolderOf(channel: CrdSelection["channel"]): string {
  return join(checkout, ".cache/conformance", channel);
}

/** The report that the suite writes into a folder of results. */
export const reportName = "report.yaml";

/** Where the reports are that belong to this checkout. */
export const keptReports = join(checkout, "test/conformance/report");

/** Where the cluster of a run keeps its state. */
export const stateFolder = join(checkout, ".cache/bed/conformance");

/** Tells which process is running the suite. */
export const runFile = join(checkout, ".cache/bed/conformance-run");
