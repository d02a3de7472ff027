/** Plays attacks, change after change, and takes everything back. */
import type { Attack } from "./attacks/attack.ts";
import type { ChangeCost, HostileControlPlane, ObjectChange } from "./control-plane.ts";

/** One change of an attack, once it is applied. */
export interface Move {
  readonly what: string;
  readonly cost: ChangeCost;
  /** How many of its objects the schemas refused. */
  readonly refused: number;
  readonly objects: number;
}

/** How the name of a move ends that nobody checked. */
export const pastSchemas = ", past the schemas";

/**
 * Plays an attack. Objects that the schemas refuse come a second time past them: what keeps tenants apart must not hang on
 * somebody else's check.
 */
export async function playAttack(
  controlPlane: HostileControlPlane,
  { name, stages }: Attack,
  after: (move: Move) => Promise<void>,
): Promise<void> {
  const there = new Map<string, ObjectChange>();
  const play = async (what: string, changes: readonly ObjectChange[]) => {
    const { refused, ...cost } = controlPlane.apply(changes);
    await after({ what, cost, refused, objects: changes.length });
    return refused;
  };
  for (const [index, stage] of stages.entries()) {
    const what = stages.length === 1 ? name : `${name}, step ${index + 1}`;
    for (const change of stage) there.set(keyOf(change), change);
    const refused = await play(what, stage);
    if (refused > 0)
      await play(
        `${what}${pastSchemas}`,
        stage.map((change) => ({ ...change, raw: true })),
      );
  }
  controlPlane.apply([...there.values()].map(({ manifest }): ObjectChange => ({ manifest, deleted: true })));
}

function keyOf({ manifest: { kind, metadata } }: ObjectChange): string {
  return `${kind}/${metadata.name}`;
}
