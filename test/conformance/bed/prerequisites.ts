import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** What a machine has, as far as a bed depends on it. */
export interface Machine {
  readonly isRoot: boolean;
  has(program: string): boolean;
}

/** Tells in one line what a bed lacks on a machine; undefined where it lacks nothing. */
export function missingForBed(machine: Machine = thisMachine): string | undefined {
  const missing = [
    ...(machine.isRoot ? [] : ["root"]),
    ...needed.filter(({ program }) => !machine.has(program)).map(({ name }) => name),
  ];
  if (missing.length === 0) return undefined;
  const all = ["root", ...needed.map(({ name }) => name)];
  return `Missing: ${missing.join(", ")}. A cluster on this machine needs ${all.join(", ")}.`;
}

const needed = [
  { program: "go", name: "Go" },
  { program: "ip", name: "ip (iproute2)" },
  { program: "nft", name: "nft (nftables)" },
  { program: "conntrack", name: "conntrack" },
  { program: "unshare", name: "unshare and nsenter (util-linux)" },
];

const thisMachine: Machine = {
  isRoot: process.getuid?.() === 0,
  has: (program) => (process.env["PATH"] ?? "").split(":").some((folder) => isExecutable(join(folder, program))),
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
