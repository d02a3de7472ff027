import { X509Certificate } from "node:crypto";
import { type ObjectKey, objectKey, parseObjectKey } from "../../core/keys.ts";
import { referencedConfigMaps } from "../../watch/references.ts";
import { objectsOfKind } from "../world/world.ts";
import type { LintRule, LintWorld, RuleFinding } from "./lint-world.ts";

const day = 24 * 60 * 60 * 1000;
/** How long before its end a certificate is told about. */
const noticeMs = 30 * day;

/** Finds certificates that are in use and that end soon, or have ended: those of listeners, and those that are trusted. */
export const expiringCertificates: LintRule = (world) => {
  const users = new Map([...usersBySecret(world), ...usersByConfigMap(world)]);
  const secrets = objectsOfKind(world.objects, "Secret").map(({ key, object, standIn }) => {
    const pem = Buffer.from(object.data?.["tls.crt"] ?? "", "base64").toString("latin1");
    return { key, standIn, pem };
  });
  const configMaps = objectsOfKind(world.objects, "ConfigMap").map(({ key, object, standIn }) => ({
    ...{ key, standIn, pem: object.data?.["ca.crt"] ?? "" },
  }));
  return [...secrets, ...configMaps].flatMap(({ key, standIn, pem }): readonly RuleFinding[] => {
    const usedBy = users.get(key);
    const end = standIn === true || usedBy === undefined ? undefined : earliestEnd(pem);
    if (usedBy === undefined || end === undefined || end - world.now > noticeMs) return [];
    return [{ ...expiry(end, world.now, usedBy), object: key }];
  });
};

function expiry(end: number, now: number, usedBy: readonly string[]): Pick<RuleFinding, "code" | "message"> {
  const time = `${new Date(end).toISOString().slice(0, 19)}Z`;
  const used = `used by ${usedBy.join(", ")}`;
  if (end <= now) return { code: "GH0008", message: `the certificate has expired on ${time}; ${used}` };
  const days = Math.floor((end - now) / day);
  const left = days === 0 ? "in less than a day" : `in ${days} ${days === 1 ? "day" : "days"}`;
  return { code: "GH0007", message: `the certificate expires ${left}, on ${time}; ${used}` };
}

/** The listeners that serve with each Secret, and the Gateways that show it to backends, in words. */
function usersBySecret({ routing }: LintWorld): ReadonlyMap<ObjectKey, readonly string[]> {
  const pairs = [...routing.gateways.entries()].flatMap(([, { listeners }]) =>
    listeners.flatMap(({ parent, name, secrets }) => {
      const { kind, name: owner } = parseObjectKey(parent);
      return secrets.map((secret) => ({
        secret: objectKey("Secret", secret),
        listener: `listener ${name} of ${kind} ${owner}`,
      }));
    }),
  );
  const shown = [...routing.gateways.entries()].flatMap(([, { key, backendCertificate }]) =>
    backendCertificate === undefined
      ? []
      : [{ secret: objectKey("Secret", backendCertificate), listener: `connections to backends of Gateway ${key}` }],
  );
  const bySecret = Map.groupBy([...pairs, ...shown], ({ secret }) => secret);
  return new Map([...bySecret].map(([secret, list]) => [secret, list.map(({ listener }) => listener)]));
}

/** The Gateways and policies that trust the authorities of each ConfigMap, in words. */
function usersByConfigMap({ objects }: LintWorld): ReadonlyMap<ObjectKey, readonly string[]> {
  const pairs = [...objectsOfKind(objects, "Gateway"), ...objectsOfKind(objects, "BackendTLSPolicy")].flatMap(
    ({ kind, name, object }) =>
      referencedConfigMaps(object).map((configMap) => ({
        configMap: objectKey("ConfigMap", configMap),
        user: `${kind} ${name}`,
      })),
  );
  const byConfigMap = Map.groupBy(pairs, ({ configMap }) => configMap);
  return new Map([...byConfigMap].map(([key, list]) => [key, list.map(({ user }) => user)]));
}

/** When the first of several certificates ends; undefined where there is none that can be read. */
function earliestEnd(pems: string): number | undefined {
  const blocks = pems.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const ends = blocks.flatMap((pem) => {
    try {
      return [new X509Certificate(pem).validToDate.getTime()];
    } catch {
      // A listener that is served has certificates that can be read; what else stands in the Secret is not looked at.
      return [];
    }
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
