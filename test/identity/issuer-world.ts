import { namespacedName } from "../../src/core/keys.ts";
import type { FleetIdentity } from "../../src/identity/fleet-secret.ts";
import { CertificateIssuer, type IdentityLog } from "../../src/identity/issuer.ts";
import type { Lifetimes } from "../../src/identity/lifetimes.ts";
import { Trust } from "../../src/identity/trust.ts";
import { HandClock } from "./hand-clock.ts";
import { SecretApi } from "./secret-api.ts";

export const releaseNamespace = "gatehouse-system";
export const authorityKey = `${releaseNamespace}/gatehouse-ca`;
export const serverKey = `${releaseNamespace}/gatehouse-xds-server`;
export const serverName = "gatehouse-xds.gatehouse-system.svc";
export const trustDomain = "cluster.local";
export const hour = 3_600_000;

/** An issuer that leads, its API server, and a replica's trust that follows both. */
export interface IssuerWorld {
  readonly api: SecretApi;
  readonly time: HandClock;
  readonly trust: Trust;
  readonly issuer: CertificateIssuer;
  /** Level, message and reason of what was logged. */
  readonly log: readonly string[];
  /** Everything that was logged, as JSON. */
  readonly logged: readonly string[];
  setFleets(...fleets: readonly FleetIdentity[]): void;
  /** Turns the clock on, hour by hour, and lets everything come to rest each time. */
  advance(milliseconds: number): Promise<void>;
  settle(): Promise<void>;
  /** Another issuer on the same API server, which does not lead yet. */
  another(): CertificateIssuer;
  stop(): Promise<void>;
}

export function fleet(name: string, uid: string): FleetIdentity {
  const [namespace, gateway = ""] = name.split("/");
  return { gateway: namespacedName(namespace, gateway), uid };
}

/** Starts an issuer; it leads from the start. The clock says what time it is really, unless told otherwise. */
export async function startIssuerWorld(
  options: { readonly lifetimes?: Lifetimes; readonly now?: number } = {},
): Promise<IssuerWorld> {
  const api = new SecretApi();
  const time = new HandClock(options.now ?? Date.now());
  const log: string[] = [];
  const logged: string[] = [];
  const note = (level: string) => (fields: object, message: string) => {
    log.push(`${level}: ${message}: ${"reason" in fields ? String(fields.reason) : ""}`);
    logged.push(JSON.stringify({ ...fields, message }));
  };
  const identityLog: IdentityLog = { info: note("info"), warn: note("warn") };
  const trust = new Trust({ releaseNamespace, log: identityLog });
  const settings = { kube: api, releaseNamespace, serverNames: [serverName], trustDomain, log: identityLog };
  const create = () =>
    new CertificateIssuer({
      ...settings,
      clock: time.clock,
      scheduler: time,
      random: () => 1,
      ...(options.lifetimes && { lifetimes: options.lifetimes }),
    });
  const issuers = [create()];
  const [issuer] = issuers;
  if (issuer === undefined) throw new Error("bug: no issuer");
  api.watch((name, object) => {
    // In the release's namespace replicas read the data too.
    const key = `${name.namespace}/${name.name}`;
    trust.observe(name, name.namespace === releaseNamespace ? api.get(key) : object);
    for (const one of issuers) one.observe(name, object);
  });
  const settle = async () => {
    for (const one of issuers) await one.idle();
  };
  issuer.lead(true);
  await settle();
  return {
    api,
    time,
    trust,
    issuer,
    log,
    logged,
    setFleets: (...fleets) => {
      trust.setFleets(fleets);
      for (const one of issuers) one.setFleets(fleets);
    },
    advance: async (milliseconds) => {
      const end = time.now + milliseconds;
      while (time.now < end) {
        time.advance(Math.min(hour, end - time.now));
        await settle();
      }
    },
    settle,
    another: () => {
      const other = create();
      issuers.push(other);
      return other;
    },
    stop: async () => {
      for (const one of issuers) await one.stop();
    },
  };
}
