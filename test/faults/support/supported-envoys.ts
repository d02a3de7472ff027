import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { envoyPath } from "../../support/envoy.ts";

/** An Envoy that is supported. */
export interface SupportedEnvoy {
  /** `1.40` */
  readonly minor: string;
  /** `1.40.0` */
  readonly version: string;
  readonly binary: string;
}

/** Installs the supported Envoys that are not there yet, and tells where they are, the oldest first. */
export function supportedEnvoys(): readonly SupportedEnvoy[] {
  const { envoy, furtherEnvoys } = JSON.parse(readFileSync(`${root}scripts/versions.json`, "utf8")) as Versions;
  const { status } = spawnSync("python3", [`${root}scripts/setup.py`, "further-envoys"], { stdio: "inherit" });
  if (status !== 0) throw new Error("the further Envoys cannot be installed");
  const further = furtherEnvoys.map((version) => ({
    version,
    binary: `${root}.tools/envoy-${minorOf(version)}/envoy`,
  }));
  return [...further, { version: envoy, binary: envoyPath }].map((each) => ({ ...each, minor: minorOf(each.version) }));
}

interface Versions {
  readonly envoy: string;
  readonly furtherEnvoys: readonly string[];
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
