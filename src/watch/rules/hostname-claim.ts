/** How the fields of a HostnameClaim fit together. */
import type { HostnameClaim } from "../../core/ownership.ts";
import { type CelCheck, type CelRule, celOfChecks, rulesOfChecks } from "./cel-check.ts";
import { namespaceChoiceCel, namespaceChoiceRules } from "./namespace-choice.ts";
import type { Rule } from "./rule.ts";

type Spec = HostnameClaim["spec"];

const ofSpec: readonly CelCheck<Spec>[] = [
  {
    path: "spec",
    cel: "!self.hostname.startsWith('*.') || !has(self.subdomains) || !self.subdomains",
    message: "must not have subdomains together with a hostname that begins with *.",
    holds: ({ hostname, subdomains }) => !hostname.startsWith("*.") || subdomains !== true,
  },
];

const ofPath: readonly CelCheck<string>[] = [
  {
    path: "spec.path",
    cel: "!self.contains('//') && !self.contains('/./') && !self.contains('/../') && !self.contains('%2f') && !self.contains('%2F') && !self.endsWith('/.') && !self.endsWith('/..')",
    message: "must be a path as proxies see it, without '//', '.', '..' or a '/' that is written %2f",
    holds: (path) => !/\/\/|%2f|\/\.\.?(\/|$)/i.test(path),
  },
];

const ofNamespaces: readonly CelCheck<Spec["namespaces"]>[] = [
  {
    path: "spec.namespaces",
    cel: "!has(self.selector) || has(self.selector.matchLabels) && size(self.selector.matchLabels) > 0 || has(self.selector.matchExpressions) && size(self.selector.matchExpressions) > 0",
    message: "must not have an empty selector, which would grant the hostname to every namespace",
    holds: ({ selector }) =>
      selector === undefined ||
      Object.keys(selector.matchLabels ?? {}).length > 0 ||
      (selector.matchExpressions ?? []).length > 0,
  },
];

/** The rules for manifests from files. */
export const hostnameClaimRules: readonly Rule[] = [
  ...rulesOfChecks("HostnameClaim", ofSpec),
  ...rulesOfChecks("HostnameClaim", ofPath),
  ...rulesOfChecks("HostnameClaim", ofNamespaces),
  ...namespaceChoiceRules("HostnameClaim"),
];

/** The same rules for the API server. */
export const hostnameClaimCel: readonly CelRule[] = [
  ...celOfChecks(ofSpec),
  ...celOfChecks(ofPath),
  ...celOfChecks(ofNamespaces),
  ...namespaceChoiceCel,
];
