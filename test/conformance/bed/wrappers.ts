import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { binaryFolder } from "./binaries.ts";
import { type BedLayout, bedNetwork } from "./layout.ts";
import { insideEnvironment } from "./run-inside.ts";

/** The state of the bed that `make cluster` keeps. */
export const usualState = fileURLToPath(new URL("../../../.cache/bed/cluster", import.meta.url));

/** Writes small programs that run others inside a bed, and answers how to use them. */
export function writeWrappers(layout: BedLayout): string {
  // The usual bed has them where they are quick to type.
  const isUsual = layout.stateDirectory === usualState;
  const folder = isUsual ? join(binaryFolder(), "..") : join(layout.stateDirectory, "bin");
  mkdirSync(folder, { recursive: true });
  for (const name of ["kubectl", "helm", "enter"] as const) {
    const file = join(folder, name);
    writeFileSync(file, wrapperScript(layout, name === "enter" ? "" : `${name} `));
    chmodSync(file, 0o755);
  }
  return `  ${folder}/kubectl get pods --all-namespaces
  ${folder}/helm list --all-namespaces
  ${folder}/enter COMMAND ...   any program inside its network; load balancers have ${bedNetwork.loadBalancerPool}
  logs: ${layout.logs}`;
}

function wrapperScript(layout: BedLayout, program: string): string {
  const environment = Object.entries(insideEnvironment(layout)).map(([name, value]) => `export ${name}='${value}'`);
  return `#!/bin/sh
# Runs ${program || "a program "}inside the cluster whose state is ${layout.stateDirectory}.
read -r pid started < '${layout.processFile}' 2>/dev/null
# The 22nd field tells when the process began; its name, in parentheses, is the only one that may hold spaces.
[ -n "$pid" ] && [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)" = "$started" ] || {
  echo "There is no cluster; make cluster brings one up." >&2
  exit 1
}
${environment.join("\n")}
exec nsenter --net="/proc/$pid/ns/net" --mount="/proc/$pid/ns/mnt" --pid="/proc/$pid/ns/pid_for_children" \\
  env -C "$PWD" ${program}"$@"
`;
}
