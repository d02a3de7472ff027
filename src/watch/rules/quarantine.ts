/** How the fields of a Quarantine fit together. */
import { isDeepStrictEqual } from "node:util";
import type { Quarantine } from "../../core/quarantine.ts";
import { type CelCheck, type CelRule, celOfChecks, rulesOfChecks } from "./cel-check.ts";
import type { Rule } from "./rule.ts";

const ofSpec: readonly CelCheck<Quarantine["spec"]>[] = [
  {
    path: "spec",
    cel: "self == oldSelf",
    message: "cannot change; what is refused in another form is another Quarantine",
    aboutChange: true,
    holds: (spec, previous) => isDeepStrictEqual({ ...spec }, { ...previous }),
  },
];

/** The rules for manifests from files. */
export const quarantineRules: readonly Rule[] = rulesOfChecks("Quarantine", ofSpec);

/** The same rules for the API server. */
export const quarantineCel: readonly CelRule[] = celOfChecks(ofSpec);
