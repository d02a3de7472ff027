import type { WorldDiff } from "../../core/world-diff.ts";
import { decide } from "../../translate/decide/decide.ts";
import type { PipelineOptions } from "../../translate/pipeline.ts";
import type { ManifestText } from "../../watch/manifests.ts";
import { readFileWorld } from "../world/file-world.ts";
import { openWorld, type WorldSource } from "../world/open-world.ts";
import type { World, WorldProblem } from "../world/world.ts";
import type { Decide } from "./answers.ts";
import { diffWorlds } from "./diff-worlds.ts";

export interface DiffRequest {
  /** Texts of manifests. */
  readonly change: readonly ManifestText[];
  readonly options: PipelineOptions & { readonly remove?: boolean };
}

/** A comparison, or why there is none. `problems` are told either way. */
export type DiffResult =
  | { readonly kind: "compared"; readonly diff: WorldDiff; readonly problems: readonly WorldProblem[] }
  | { readonly kind: "failed"; readonly message: string; readonly problems: readonly WorldProblem[] };

/** Compares a world with what it would be once a change is applied. A change that cannot be read in full is not compared. */
export async function diffAgainst(before: World, { change, options }: DiffRequest): Promise<DiffResult> {
  const read = readFileWorld(change);
  const problems = [...before.problems, ...read.problems];
  const broken = read.problems.filter(({ ignored }) => !ignored);
  if (broken.length > 0) return { kind: "failed", message: "the change cannot be read", problems };
  if (!read.objects.some(({ place }) => place !== undefined)) {
    return { kind: "failed", message: "the change has no object of a kind that Gatehouse reads", problems };
  }
  return {
    kind: "compared",
    diff: await diffWorlds(before, read.objects, { ...options, decide: answerOnly }),
    problems,
  };
}

/** The same against a folder or a cluster. */
export async function diffAgainstSource(
  source: WorldSource,
  { now, ...request }: DiffRequest & { readonly now: number },
): Promise<DiffResult> {
  const also = readFileWorld(request.change).objects;
  const before = await openWorld(source, { now, also });
  return before.kind === "failed" ? { ...before, problems: [] } : await diffAgainst(before.world, request);
}

/** Who else could have answered is not asked. */
const answerOnly: Decide = (view, question) => decide(view, question, "answer");
