import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Mutant } from "./mutant.ts";

/** A copy of the checkout that mutants may be written into. What is installed or generated is shared, not copied. */
export class ScratchTree {
  readonly root: string;

  constructor(checkout: string) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), "gatehouse-mutants-")));
    for (const path of sourceFiles(checkout)) {
      // A file that git knows and that is gone from the folder is left out.
      if (existsSync(join(checkout, path))) cpSync(join(checkout, path), join(this.root, path));
    }
    for (const shared of ["node_modules", ".tools", "proto/gen"]) {
      mkdirSync(dirname(join(this.root, shared)), { recursive: true });
      symlinkSync(join(checkout, shared), join(this.root, shared));
    }
  }

  /** Writes a mutant's fault into the tree and returns how to take it out again. Throws when the patch does not fit. */
  apply({ patchFile, touches }: Mutant): () => void {
    const originals = touches.map((path) => [join(this.root, path), readFileSync(join(this.root, path))] as const);
    // The tree is no repository: git must not take one above it for the tree's own.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(this.root) };
    execFileSync("git", ["apply", "--whitespace=nowarn", patchFile], { cwd: this.root, env, stdio: "pipe" });
    return () => {
      for (const [path, content] of originals) writeFileSync(path, content);
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Everything that is or may be committed. */
function sourceFiles(checkout: string): readonly string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const listed = execFileSync("git", args, { cwd: checkout, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return listed.split("\0").filter((path) => path !== "");
}
