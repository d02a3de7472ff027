import type { Finding } from "../../core/finding.ts";
import { openWorld, type WorldSource } from "../world/open-world.ts";
import { type LintOptions, lint } from "./lint.ts";

/** What was found, with what people should know about how the world was read; or why it could not be. */
export type LintResult =
  | { readonly kind: "linted"; readonly findings: readonly Finding[]; readonly notes: readonly string[] }
  | { readonly kind: "failed"; readonly message: string };

/** Looks at files and folders, or at a cluster. */
export async function lintSource(source: WorldSource, options: LintOptions): Promise<LintResult> {
  const opened = await openWorld(source, options);
  if (opened.kind === "failed") return opened;
  const { world } = opened;
  return { kind: "linted", findings: await lint(world, options), notes: world.notes };
}
