/** How the fields of a HostnameRecord fit together. */
import type { HostnameRecord } from "../../core/ownership.ts";
import { type CelCheck, type CelRule, celOfChecks, rulesOfChecks } from "./cel-check.ts";
import type { Rule } from "./rule.ts";

type Spec = HostnameRecord["spec"];

const ofSpec: readonly CelCheck<Spec>[] = [
  {
    path: "spec",
    cel: "self.hostname != '' || has(self.path)",
    message: "must have a hostname, or a path",
    holds: ({ hostname, path }) => hostname !== "" || path !== undefined,
  },
  {
    path: "spec",
    cel: "self == oldSelf",
    message: "cannot change; delete the HostnameRecord, and what is still wanted is recorded again",
    aboutChange: true,
    holds: (spec, previous) => valuesOf(previous).every((value, index) => value === valuesOf(spec)[index]),
  },
];

function valuesOf({ hostname, path, namespace, since, object }: Spec): readonly unknown[] {
  return [hostname, path?.listener, path?.type, path?.value, namespace, since, object];
}

/** The rules for manifests from files. */
export const hostnameRecordRules: readonly Rule[] = rulesOfChecks("HostnameRecord", ofSpec);

/** The same rules for the API server. */
export const hostnameRecordCel: readonly CelRule[] = celOfChecks(ofSpec);
