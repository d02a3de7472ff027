/** Names of the objects of a Gateway's fleet. A Gateway's name may have 253 characters and dots, those of Services not. */
import { createHash } from "node:crypto";

/** The Secret with the certificates by which the fleets of a namespace prove who they are. One name, so that a role can name it. */
export const fleetSecretName = "gatehouse-xds";

/** Of every object that Gatehouse makes: the value of `app.kubernetes.io/managed-by`. */
export const managedBy = "gatehouse";

/** Labels by which the objects of a fleet are found. */
export const fleetLabels = {
  managedBy: "app.kubernetes.io/managed-by",
  gatewayName: "gateway.networking.k8s.io/gateway-name",
  gatewayClassName: "gateway.networking.k8s.io/gateway-class-name",
} as const;

/** The name of a fleet's Deployment, Service and other objects in the Gateway's namespace; at most 52 characters, a DNS label. */
export function fleetName(gateway: string): string {
  return `gatehouse-${shortened(gateway, 42, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)}`;
}

/** The value of a label that stands for a name of up to 253 characters: the name itself where it fits. */
export function labelValue(name: string): string {
  return shortened(name, 63, /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
}

const hashLength = 10;

/** No two names come out alike: a name that looks as if it had been shortened is shortened too. */
function shortened(name: string, most: number, allowed: RegExp): string {
  if (name.length <= most && allowed.test(name) && !/-[0-9a-f]{10}$/.test(name)) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, hashLength);
  const start = name.slice(0, most - hashLength - 1).replaceAll(/[^a-z0-9]+/g, "-");
  return `${start.replace(/-+$/, "")}-${hash}`;
}
