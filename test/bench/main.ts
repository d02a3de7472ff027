/**
 * `npm run bench`: what changes cost. `--ci` is the small form that fails when a cost grows with the number of routes,
 * `--json` prints all samples, `--no-envoy` leaves out what needs a real Envoy.
 */
import { runSmallBench } from "./ci.ts";
import { formatReport } from "./format.ts";
import { runFullBench } from "./full.ts";
import { thisMachine } from "./samples.ts";

// Leaving in order ends the processes that are measured.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const flags = new Set(process.argv.slice(2));
if (flags.has("--ci")) small();
else await full();

function small(): void {
  const { ratio, attempts, problems } = runSmallBench();
  if (flags.has("--json")) console.log(JSON.stringify({ machine: thisMachine(), attempts, ratio, problems }, null, 2));
  else {
    const { fewRoutes, manyRoutes, wall, cpu, fewBytes, manyBytes } = ratio;
    console.log(`one route changed, ${manyRoutes} routes against ${fewRoutes}:`);
    console.log(`  time ${wall.toFixed(2)} times, CPU ${cpu.toFixed(2)} times (attempt ${attempts})`);
    console.log(`  bytes to send: ${manyBytes} against ${fewBytes}`);
    for (const problem of problems) console.log(`FAILED: ${problem}`);
  }
  process.exitCode = problems.length === 0 ? 0 : 1;
}

async function full(): Promise<void> {
  const report = await runFullBench({ envoy: !flags.has("--no-envoy"), onProgress: (line) => console.error(line) });
  console.log(flags.has("--json") ? JSON.stringify(report, null, 2) : formatReport(report));
}
