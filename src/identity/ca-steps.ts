import { randomBytes } from "node:crypto";
import { assertNever } from "../core/assert-never.ts";
import { createAuthority } from "./authority.ts";
import { type CaPlan, type CaStep, caKeys, planAuthorities } from "./ca-plan.ts";
import type { Lifetimes } from "./lifetimes.ts";
import type { SecretData } from "./secret-data.ts";

/** The authorities as they should be, how they came to be so, and the plan that is left. */
export interface SettledAuthorities {
  readonly data: SecretData;
  readonly steps: readonly CaStep[];
  readonly plan: CaPlan;
}

/** Takes every step that the stored authorities need now. */
export async function settleAuthorities(
  stored: SecretData,
  now: number,
  lifetimes: Lifetimes,
): Promise<SettledAuthorities> {
  let data = stored;
  const steps: CaStep[] = [];
  for (;;) {
    const plan = planAuthorities(data, now, lifetimes);
    if (plan.step === undefined) return { data, steps, plan };
    if (steps.length > 8) throw new Error("bug: the authorities never settle");
    steps.push(plan.step);
    data = await takeStep(data, plan.step, { now, lifetimes });
  }
}

async function takeStep(
  stored: SecretData,
  step: CaStep,
  { now, lifetimes }: { readonly now: number; readonly lifetimes: Lifetimes },
): Promise<SecretData> {
  const data = new Map(stored);
  switch (step.kind) {
    case "make-token-key":
      return data.set(caKeys.tokenKey, randomBytes(32).toString("hex"));
    case "make-current": {
      const { cert, key } = await createAuthority(now, lifetimes.authorityMs);
      return data.set(caKeys.currentCert, cert).set(caKeys.currentKey, key);
    }
    case "make-next": {
      const { cert, key } = await createAuthority(now, lifetimes.authorityMs);
      return data.set(caKeys.nextCert, cert).set(caKeys.nextKey, key);
    }
    case "drop-next":
      return without(data, caKeys.nextCert, caKeys.nextKey, caKeys.announcedAt);
    case "promote-next":
      return promoteNext(data, now + lifetimes.certificateMs);
    case "drop-previous":
      return without(data, caKeys.previousCert, caKeys.previousUntil);
    default:
      return assertNever(step);
  }
}

/** The key of the authority that steps down is forgotten at once. */
function promoteNext(data: Map<string, string>, until: number): SecretData {
  const previous = data.get(caKeys.currentCert);
  if (previous !== undefined) data.set(caKeys.previousCert, previous).set(caKeys.previousUntil, String(until));
  data.set(caKeys.currentCert, data.get(caKeys.nextCert) ?? "");
  data.set(caKeys.currentKey, data.get(caKeys.nextKey) ?? "");
  return without(data, caKeys.nextCert, caKeys.nextKey, caKeys.announcedAt);
}

function without(data: Map<string, string>, ...keys: readonly string[]): SecretData {
  for (const key of keys) data.delete(key);
  return data;
}
