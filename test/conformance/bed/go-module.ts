import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The folder of a Go module's sources, which Go downloads where it has not done so before. */
export function goModuleFolder(module: string, version: string): string {
  const work = mkdtempSync(join(tmpdir(), "bed-module-"));
  try {
    writeFileSync(join(work, "go.mod"), "module download\n\ngo 1.24\n");
    const output = execFileSync("go", ["mod", "download", "-json", `${module}@${version}`], {
      cwd: work,
      env: { ...process.env, GOTOOLCHAIN: "go1.27.0", GOFLAGS: "-mod=mod", GOWORK: "off" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    // Go's own description of the module.
    return (JSON.parse(output) as { readonly Dir: string }).Dir;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
