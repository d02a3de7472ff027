import type { ListenerSpec, ListenerTls } from "../../core/gateway-api.ts";
import type { Kind } from "../../core/keys.ts";
import { quoteValue } from "../problem.ts";
import { type Rule, type RuleCheck, rulesFor } from "./rule.ts";

/** How the listeners of a Gateway or a ListenerSet fit together. */
export function listenerRules(kind: Kind, { uniqueListeners }: { readonly uniqueListeners: string }): readonly Rule[] {
  return [
    ...rulesFor<readonly ListenerSpec[]>(
      kind,
      ["spec.listeners"],
      [
        ...eachListener,
        {
          name: "listener names are unique",
          cel: "b3c66e248da8",
          check: (listeners) =>
            repeated(
              listeners.map(({ name }) => name),
              (name) => `has two listeners named ${name}`,
            ),
        },
        {
          name: "port, protocol and hostname of a listener are unique",
          cel: uniqueListeners,
          check: (listeners) =>
            repeated(
              listeners.map(({ port, protocol, hostname }) => JSON.stringify([port, protocol, hostname])),
              () => "has two listeners with the same port, protocol and hostname",
            ),
        },
      ],
    ),
    ...rulesFor<ListenerTls>(
      kind,
      ["spec.listeners[].tls"],
      [
        {
          name: "a listener that terminates TLS has certificates or options",
          cel: "f161b726ab7c",
          check: ({ mode, certificateRefs = [], options = {} }) =>
            mode === "Terminate" && certificateRefs.length === 0 && Object.keys(options).length === 0
              ? "must have certificateRefs or options when its mode is Terminate"
              : undefined,
        },
      ],
    ),
  ];
}

/** Says which of the texts occurs twice, if any. */
export function repeated(texts: readonly string[], say: (text: string) => string): string | undefined {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) return say(quoteValue(text));
    seen.add(text);
  }
  return undefined;
}

const eachListener: readonly RuleCheck<readonly ListenerSpec[]>[] = [
  {
    name: "a listener for HTTP, TCP or UDP has no tls",
    cel: "78a772397706",
    check: offender(
      ({ protocol, tls }) => plaintext.has(protocol) && tls !== undefined,
      ({ protocol }) => `must not have tls for the protocol ${protocol}`,
    ),
  },
  {
    name: "a listener for HTTPS terminates TLS",
    cel: "aec2bd596a6d",
    check: offender(
      ({ protocol, tls }) => protocol === "HTTPS" && tls !== undefined && tls.mode !== "Terminate",
      () => "must have the tls mode Terminate for the protocol HTTPS",
    ),
  },
  {
    name: "a listener for TLS says its mode",
    cel: "79a484463556",
    check: offender(
      ({ protocol, tls }) => protocol === "TLS" && tls === undefined,
      () => "must have a tls mode for the protocol TLS",
    ),
  },
  {
    name: "a listener for TCP or UDP has no hostname",
    cel: "e658cd99f565",
    check: offender(
      ({ protocol, hostname }) => (protocol === "TCP" || protocol === "UDP") && hostname !== undefined,
      ({ protocol }) => `must not have a hostname for the protocol ${protocol}`,
    ),
  },
];

const plaintext: ReadonlySet<string> = new Set(["HTTP", "TCP", "UDP"]);

function offender(isWrong: (listener: ListenerSpec) => boolean, say: (listener: ListenerSpec) => string) {
  return (listeners: readonly ListenerSpec[]): string | undefined => {
    const wrong = listeners.find(isWrong);
    return wrong === undefined ? undefined : `has a listener ${quoteValue(wrong.name)} that ${say(wrong)}`;
  };
}
