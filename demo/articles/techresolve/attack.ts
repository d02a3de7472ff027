import type { FileAction, Step } from "../../step.ts";
import {
  accepted,
  byBilling,
  byMarketing,
  charge,
  claimedFirst,
  files,
  gateway,
  junior,
  platformAdministrator,
  refused,
} from "./cast.ts";

const discreet = "Hostname 'api.techresolve.com' is already claimed in this cluster.";
const articlesSentence =
  "Hostname 'api.techresolve.com' is already claimed by HTTPRoute 'api' in namespace 'prod-billing'.";

/** An older route adds the hostname, with the very match of billing's. */
const addTheHostname: readonly FileAction[] = [
  { kind: "edit", file: files.campaign, path: ["spec", "hostnames", 1], value: "api.techresolve.com" },
];

/** The same attack where ownership is what it is by default, and its two shapes that precedence alone would let through. */
export const attack: readonly Step[] = [
  {
    chapter: "The same night again, while billing's customers pay",
    say: "marketing has deleted the route. The junior engineer applies the file once more: refused at apply",
    do: [
      { kind: "remove", file: files.temporaryDashboard },
      { kind: "traffic", request: charge, backend: "prod-billing/billing" },
    ],
    apply: { as: junior, changes: [{ kind: "add", file: files.temporaryDashboard }] },
    request: charge,
    expect: {
      refusal: discreet,
      gone: "HTTPRoute marketing/temporary-dashboard",
      answer: byBilling(),
      conclusion: "Who has the hostname is not the junior's to know: marketing may not read prod-billing's routes.",
    },
  },
  {
    say: "Whoever may read prod-billing's routes is told who has it, in the article's own sentence",
    apply: { as: platformAdministrator, changes: [{ kind: "add", file: files.temporaryDashboard }] },
    expect: { refusal: articlesSentence },
  },
  {
    say: "A night on which no webhook answers: it fails open, and the route is stored. Binding refuses it all the same",
    do: [{ kind: "add", file: files.temporaryDashboard }],
    request: charge,
    expect: {
      conditions: [refused("marketing/temporary-dashboard", claimedFirst)],
      answer: { ...byBilling(), times: 10 },
      commands: [
        {
          args: ["explain", "route", "marketing/temporary-dashboard"],
          exitCode: 1,
          lines: [
            ["not attached", "HostnameClaimed"],
            ["api.techresolve.com", "another namespace"],
          ],
        },
      ],
    },
  },
  {
    say: "Who answers, and why does nobody else?",
    request: charge,
    expect: {
      answer: byBilling(),
      commands: [
        {
          args: ["explain", "request", "https://api.techresolve.com/v1/charge", "--gateway", gateway],
          exitCode: 0,
          lines: [
            ["rule", "HTTPRoute prod-billing/api rule 0", "prefix /v1"],
            ["answer", "prod-billing/billing"],
            ["withheld, because somebody else owns the hostname"],
            ["HTTPRoute marketing/temporary-dashboard", "exact /v1/charge", "already claimed"],
          ],
        },
      ],
    },
  },
  {
    say: "An older trick: marketing has a route from 2023, a year older than billing's, and adds the hostname to it",
    apply: { as: junior, changes: addTheHostname },
    expect: { refusal: discreet, conditions: [accepted("marketing/campaign")] },
  },
  {
    say: "Stored all the same, it is the older one of two identical matches, PathPrefix /v1: precedence would prefer it",
    do: addTheHostname,
    request: charge,
    expect: {
      conditions: [
        {
          ...accepted("marketing/campaign", { generation: 2 }),
          type: "gatehouse.dev/HostnamesGranted",
          status: "False",
          reason: "HostnameClaimed",
          message: claimedFirst,
        },
      ],
      answer: { ...byBilling(), times: 10 },
      conclusion: "What counts is who had the hostname accepted first, not which route was created first.",
    },
  },
  {
    say: "The route keeps everything that is marketing's own",
    request: { ...charge, host: "www.techresolve.com" },
    expect: {
      answer: byMarketing("campaign"),
      conditions: [accepted("marketing/campaign", { generation: 2 })],
    },
  },
];
