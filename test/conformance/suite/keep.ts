/** `make conformance-report`: keeps the reports of the last runs of the whole suite, of each channel that was run. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureSuite } from "../bed/binaries.ts";
import { readCatalogue } from "./catalogue.ts";
import { keepReport } from "./kept-report.ts";
import { keptReports, reportName, resultFolderOf } from "./places.ts";
import { lacksOf, parseReport } from "./report.ts";

const files = (["standard", "experimental"] as const)
  .map((channel) => join(resultFolderOf(channel), reportName))
  .filter((file) => existsSync(file));
if (files.length === 0) {
  console.error("There is no report of a run; make conformance makes one.");
  process.exit(1);
}
const catalogue = readCatalogue((await ensureSuite()).catalogue);
const profiles = catalogue.profiles.map(({ name }) => name);
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const lacks = lacksOf(parseReport(text), catalogue, profiles);
  if (lacks.length === 0) console.log(`kept ${keepReport(keptReports, text)}`);
  else {
    for (const lack of lacks) console.error(`${file}: ${lack}`);
    process.exitCode = 1;
  }
}
