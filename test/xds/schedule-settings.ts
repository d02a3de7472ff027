import type { Transport } from "./fake-envoy.ts";

/** What a schedule may contain. */
export interface Setting {
  readonly transport: Transport;
  /** How many proxies the Gateway has. */
  readonly proxies: number;
  /** Whether the proxies acknowledge clusters when they are warm, as Envoy does, or at once. */
  readonly warms: boolean;
  readonly refusals: boolean;
  readonly reconnects: boolean;
  readonly secrets: boolean;
  /** Whether messages have to wait for their turn, as large ones do. */
  readonly turns: boolean;
  /** Whether what was there before comes back as it was, also in the turn in which it went; quarantines are taken back. */
  readonly recurs: boolean;
  /** Whether the Gateway goes away now and then, with its resources or without, and comes back. */
  readonly vanishes: boolean;
}

const calm: Omit<Setting, "transport" | "proxies"> = {
  warms: true,
  refusals: false,
  reconnects: false,
  secrets: false,
  turns: false,
  recurs: false,
  vanishes: false,
};
const refusing = { ...calm, refusals: true };
const breaking = { ...refusing, reconnects: true };
const everything = { ...breaking, secrets: true, turns: true, recurs: true, vanishes: true };

export const settings: readonly Setting[] = [
  { transport: "delta", proxies: 1, ...calm },
  { transport: "delta", proxies: 1, ...calm, warms: false },
  { transport: "delta", proxies: 1, ...refusing },
  { transport: "delta", proxies: 2, ...refusing },
  { transport: "delta", proxies: 1, ...refusing, secrets: true, turns: true },
  { transport: "delta", proxies: 1, ...refusing, recurs: true },
  { transport: "delta", proxies: 1, ...refusing, vanishes: true },
  { transport: "delta", proxies: 1, ...calm, reconnects: true },
  { transport: "delta", proxies: 1, ...breaking },
  { transport: "delta", proxies: 2, ...breaking },
  { transport: "delta", proxies: 2, ...breaking, recurs: true, warms: false },
  { transport: "delta", proxies: 2, ...everything },
  { transport: "sotw", proxies: 1, ...calm },
  { transport: "sotw", proxies: 1, ...calm, warms: false },
  { transport: "sotw", proxies: 1, ...refusing },
  { transport: "sotw", proxies: 2, ...refusing, recurs: true },
  { transport: "sotw", proxies: 1, ...breaking },
  { transport: "sotw", proxies: 1, ...breaking, recurs: true, warms: false },
  { transport: "sotw", proxies: 2, ...everything },
];
