import type { Vitest } from "vitest/node";

/**
 * Tells which tests passed only when they were tried again: with a cluster or a load beside it, a small machine now and then
 * misses a deadline. Whoever reads the log should see which, because a fault that comes now and then looks the same.
 */
export function tellSecondTries({ state }: Pick<Vitest, "state">): void {
  for (const module of state.getTestModules()) {
    for (const test of module.children.allTests()) {
      if (test.diagnostic()?.flaky === true)
        console.log(`passed at the second try: ${module.moduleId} ${test.fullName}`);
    }
  }
}
