import type { Step } from "../../step.ts";
import { accepted, byBilling, byMarketing, charge, claimedFirst, files, refused } from "./cast.ts";

/** What the article tells of, with ownership switched off: other controllers have none. Then as it is by default. */
export const incident: readonly Step[] = [
  {
    chapter: "2 AM: what the article tells of",
    say: "prod-billing has the label gateway-access and serves api.techresolve.com below /v1",
    request: charge,
    expect: { answer: byBilling(), conditions: [accepted("prod-billing/api")] },
  },
  {
    say: "marketing has the label and attaches a hostname of its own",
    do: [{ kind: "add", file: files.metricsDashboard }],
    request: { ...charge, host: "metrics.techresolve.com", path: "/" },
    expect: {
      answer: byMarketing("metrics-dashboard"),
      conditions: [accepted("marketing/metrics-dashboard")],
    },
  },
  {
    say: "With ownership switched off, a temporary metrics dashboard claims api.techresolve.com, Exact /v1/charge",
    do: [
      { kind: "edit", file: files.parameters, path: ["spec", "ownership", "mode"], value: "Off" },
      { kind: "add", file: files.temporaryDashboard },
    ],
    request: charge,
    expect: {
      conditions: [accepted("marketing/temporary-dashboard")],
      answer: byMarketing("temporary-dashboard"),
      conclusion:
        "This is the hijack: billing's payments arrive at marketing. The API's precedence says so: the more specific " +
        "match wins, whatever its age. That is what every route meets where hostnames belong to nobody.",
    },
  },
  {
    say: "Every other path below /v1 is still billing's, so nobody notices at once",
    request: { ...charge, path: "/v1/invoices" },
    expect: { answer: byBilling(), conditions: [accepted("marketing/temporary-dashboard")] },
  },
  {
    say: "The platform team takes that line out again: a Gateway that admits other namespaces enforces ownership",
    do: [{ kind: "edit", file: files.parameters, path: ["spec", "ownership", "mode"] }],
    request: charge,
    expect: {
      conditions: [refused("marketing/temporary-dashboard", claimedFirst), accepted("prod-billing/api")],
      answer: byBilling(),
      conclusion: "Nobody has edited a route: billing had the hostname accepted first, and has it back.",
    },
  },
];
