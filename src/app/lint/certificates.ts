import { X509Certificate } from "node:crypto";
import { type ObjectKey, objectKey, parseObjectKey } from "../../core/keys.ts";
import type { Secret } from "../../core/kubernetes.ts";
import { objectsOfKind } from "../world/world.ts";
import type { LintRule, LintWorld, RuleFinding } from "./lint-world.ts";

const day = 24 * 60 * 60 * 1000;
/** How long before its end a certificate is told about. */
const noticeMs = 30 * day;

/** Finds certificates that listeners use and that end soon, or have ended. */
export const expiringCertificates: LintRule = (world) => {
  const users = usersBySecret(world);
  return objectsOfKind(world.objects, "Secret").flatMap(({ key, object, standIn }): readonly RuleFinding[] => {
    const listeners = users.get(key);
    const end = standIn === true ? undefined : earliestEnd(object);
    if (listeners === undefined || end === undefined || end - world.now > noticeMs) return [];
    const time = `${new Date(end).toISOString().slice(0, 19)}Z`;
    const used = `used by ${listeners.join(", ")}`;
    if (end <= world.now)
      return [{ code: "GH0008", object: key, message: `the certificate has expired on ${time}; ${used}` }];
    const days = Math.floor((end - world.now) / day);
    const left = days === 0 ? "in less than a day" : `in ${days} ${days === 1 ? "day" : "days"}`;
    return [{ code: "GH0007", object: key, message: `the certificate expires ${left}, on ${time}; ${used}` }];
  });
};

/** The listeners that serve with each Secret, in words. */
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
  const bySecret = Map.groupBy(pairs, ({ secret }) => secret);
  return new Map([...bySecret].map(([secret, list]) => [secret, list.map(({ listener }) => listener)]));
}

/** When the first certificate of the chain ends; undefined where there is none that can be read. */
function earliestEnd({ data }: Secret): number | undefined {
  const text = Buffer.from(data?.["tls.crt"] ?? "", "base64").toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
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
