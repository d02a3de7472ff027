import { benchPlace } from "./bench-objects.ts";

const { namespace } = benchPlace;

/** The collections that a measurement writes to and reads from. */
export const benchPaths = {
  routes: `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`,
  gateways: `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/gateways`,
  services: `/api/v1/namespaces/${namespace}/services`,
} as const;
