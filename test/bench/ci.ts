import { measureRatio, prepareSizes, type Ratio } from "./ratio.ts";

/** What the small bench found, and why it fails, if it does. */
export interface SmallBench {
  readonly ratio: Ratio;
  readonly attempts: number;
  readonly problems: readonly string[];
}

/** A change with 20 times the routes may cost so many times as much. */
const mostRatio = 2;
const mostAttempts = 2;

/** The small form that guards every change of the code: one change costs no more where there are more routes. */
export function runSmallBench(): SmallBench {
  const sizes = prepareSizes(1_000, 20_000);
  for (let attempts = 1; ; attempts++) {
    const ratio = measureRatio(sizes);
    const problems = problemsOf(ratio);
    if (problems.length === 0 || attempts === mostAttempts) return { ratio, attempts, problems };
  }
}

function problemsOf({ wall, fewBytes, manyBytes }: Ratio): readonly string[] {
  return [
    ...(wall <= mostRatio ? [] : [`a change costs ${wall.toFixed(2)} times as much, at most ${mostRatio} is allowed`]),
    ...(manyBytes <= fewBytes ? [] : [`a change sends ${manyBytes} bytes instead of ${fewBytes}`]),
  ];
}
