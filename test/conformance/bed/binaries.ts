import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The programs of a bed. */
export interface BinaryPaths {
  /** etcd, kube-apiserver, kube-controller-manager, kube-proxy and kubectl in one; the first argument tells which. */
  readonly kube: string;
  readonly coredns: string;
  readonly helm: string;
  readonly echoBasic: string;
}

/** What Go builds in one go, from one module beside this file. */
export interface BuildPlan {
  readonly module: string;
  readonly toolchain: string;
  readonly outputs: readonly string[];
  /** The arguments behind `go`; `{out}` is the folder to leave the outputs in. */
  readonly args: readonly string[];
}

/** Builds what a bed needs and is not built yet; from scratch that takes minutes, and nothing the next time. */
export async function ensureBinaries(): Promise<BinaryPaths> {
  for (const plan of [clusterPlan, echoPlan]) build(plan);
  const folder = binaryFolder();
  return {
    kube: join(folder, "kube"),
    coredns: join(folder, "coredns"),
    helm: join(folder, "helm"),
    echoBasic: join(folder, "echo-basic"),
  };
}

/** The official conformance suite. */
export interface SuitePaths {
  /** Its tests. */
  readonly suite: string;
  /** Prints what it says of its profiles and tests. */
  readonly catalogue: string;
}

/** Builds the official conformance suite, where that is not done yet. */
export async function ensureSuite(): Promise<SuitePaths> {
  for (const plan of [suitePlan, cataloguePlan]) build(plan);
  return { suite: join(binaryFolder(), "suite"), catalogue: join(binaryFolder(), "catalogue") };
}

/** Where the built programs are, `kubectl` among them. */
export function binaryFolder(): string {
  return fileURLToPath(new URL("../../../.tools/bed/bin", import.meta.url));
}

/** Tells one state of a plan's inputs from another. */
export function inputsOf(plan: BuildPlan, moduleFolder: string): string {
  const digest = createHash("sha256").update(JSON.stringify(plan));
  for (const file of readdirSync(moduleFolder, { recursive: true, encoding: "utf8" }).sort()) {
    if (/\.(go|mod|sum)$/.test(file)) digest.update(`\0${file}\0`).update(readFileSync(join(moduleFolder, file)));
  }
  return digest.digest("hex");
}

const smaller = "-ldflags=-s -w";

/** A build from sources does not know its own version, and charts ask for it. */
const kubernetesVersion = ["gitVersion=v1.36.3", "gitMajor=1", "gitMinor=36"]
  .map((setting) => `-X k8s.io/component-base/version.${setting}`)
  .join(" ");

const clusterPlan: BuildPlan = {
  module: "cluster",
  toolchain: "go1.26.8",
  outputs: ["kube", "coredns", "helm"],
  args: ["build", `${smaller} ${kubernetesVersion}`, "-o", "{out}/", "./kube", "./coredns", "helm.sh/helm/v4/cmd/helm"],
};

const echoPlan: BuildPlan = {
  module: "suite",
  toolchain: "go1.27.0",
  outputs: ["echo-basic"],
  args: ["build", smaller, "-o", "{out}/", "sigs.k8s.io/gateway-api-conformance-images/echo-basic"],
};

const suitePlan: BuildPlan = {
  module: "suite",
  toolchain: "go1.27.0",
  outputs: ["suite"],
  args: ["test", "-c", smaller, "-o", "{out}/suite", "sigs.k8s.io/gateway-api/conformance"],
};

const cataloguePlan: BuildPlan = {
  module: "suite",
  toolchain: "go1.27.0",
  outputs: ["catalogue"],
  args: ["build", smaller, "-o", "{out}/", "./catalogue"],
};

function build(plan: BuildPlan): void {
  const moduleFolder = fileURLToPath(new URL(`go/${plan.module}`, import.meta.url));
  const folder = binaryFolder();
  const inputs = inputsOf(plan, moduleFolder);
  if (plan.outputs.every((name) => isBuiltFrom(join(folder, name), inputs))) return;
  console.error(`bed: building ${plan.outputs.join(", ")}; the first time this takes some minutes`);
  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(join(folder, "..", "building-"));
  try {
    runGo(plan, moduleFolder, temporary);
    for (const name of plan.outputs) {
      // A program that runs keeps its file; the stamp comes last, so an interrupted build is done again.
      rmSync(stampOf(join(folder, name)), { force: true });
      renameSync(join(temporary, name), join(folder, name));
      writeFileSync(stampOf(join(folder, name)), inputs);
    }
    if (plan.outputs.includes("kube")) writeKubectl(folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function runGo({ toolchain, args }: BuildPlan, moduleFolder: string, out: string): void {
  const { error, status } = spawnSync(
    "go",
    args.map((word) => word.replace("{out}", out)),
    {
      cwd: moduleFolder,
      stdio: ["ignore", 2, 2],
      env: {
        ...process.env,
        CGO_ENABLED: "0",
        GOTOOLCHAIN: toolchain,
        // Exactly what go.sum lists, whatever the user's own settings are.
        GOFLAGS: "-mod=readonly -buildvcs=false",
        GOWORK: "off",
      },
    },
  );
  if (error !== undefined) throw new Error(`go: ${error.message}`);
  if (status !== 0) throw new Error(`go ${args.join(" ")} failed with code ${status}`);
}

function writeKubectl(folder: string): void {
  const script = join(folder, "kubectl");
  writeFileSync(script, `#!/bin/sh\nexec '${join(folder, "kube")}' kubectl "$@"\n`);
  chmodSync(script, 0o755);
}

function isBuiltFrom(binary: string, inputs: string): boolean {
  const stamp = stampOf(binary);
  return existsSync(binary) && existsSync(stamp) && readFileSync(stamp, "utf8") === inputs;
}

function stampOf(binary: string): string {
  return `${binary}.inputs`;
}
