/** What .ci/run does once the checkout is set up: every part, the minutes of each, and the tally as the last line. */
import { readFileSync, rmSync } from "node:fs";
import { type PartResult, runParts } from "./parts.ts";
import {
  addTallies,
  checksFile,
  clusterTestsFile,
  conformanceFiles,
  faultsFile,
  formatTally,
  tallyConformance,
  tallyParts,
  tallyVitest,
  vitestFile,
} from "./tally.ts";

// What an earlier run left must not be counted for this one.
for (const file of [checksFile, vitestFile, faultsFile, clusterTestsFile, ...conformanceFiles])
  rmSync(file, { force: true });

// The whole suite runs on the standard channel. On the other one, where the same kinds have more fields, a test or two of each.
const experimental = [
  "conformance",
  "CHANNEL=experimental",
  `RUN=${[
    "HTTPRouteInvalidParentRefNotMatchingListenerPort",
    "HTTPRouteMatching",
    "GRPCRouteWeight",
    "TLSRouteMixedTerminationSameNamespace",
    "TCPRouteMultipleRoutesAttachment",
    "UDPRoute",
    "BackendTLSPolicy",
    "GatewayTLSBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "ListenerSetHTTPRouting",
  ].join(",")}`,
];

const [tests, ...others] = await runParts([
  { name: "make test", command: ["make", "--no-print-directory", "test"] },
  { name: "make demo", command: ["make", "--no-print-directory", "demo"] },
  { name: "small bench", command: ["node", "test/bench/main.ts", "--ci"] },
  { name: "make faults", command: ["make", "--no-print-directory", "faults"] },
  { name: "make cluster-test", command: ["make", "--no-print-directory", "cluster-test"] },
  { name: "make conformance", command: ["make", "--no-print-directory", "conformance"] },
  { name: "make conformance with experimental CRDs", command: ["make", "--no-print-directory", ...experimental] },
  { name: "make mutants", command: ["make", "--no-print-directory", "mutants", `UNHARMED=${vitestFile}`] },
]);
// make test itself is counted by what it left: its checks, and every test of vitest.
const counted = addTallies([
  tallyVitest(readResult(vitestFile)),
  tallyVitest(readResult(faultsFile)),
  tallyVitest(readResult(clusterTestsFile)),
  ...conformanceFiles.map((file) => tallyConformance(readResult(file))),
  tallyParts(readChecks()),
  tallyParts(others),
]);
const agreed = tests?.passed === true || counted.failed > 0 ? counted : { ...counted, failed: 1 };
process.exitCode = agreed.failed === 0 ? 0 : 1;
console.log(formatTally(agreed));

function readChecks(): readonly PartResult[] {
  const checks = readResult(checksFile);
  // Written by scripts/test.ts a moment ago; without it, the checks did not run.
  return Array.isArray(checks) ? (checks as PartResult[]) : [{ name: "checks", passed: false, minutes: 0 }];
}

function readResult(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // A file that is missing or cut short is counted as a failure by whoever reads it.
    return undefined;
  }
}
