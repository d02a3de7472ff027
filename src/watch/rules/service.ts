import type { Service } from "../../core/kubernetes.ts";
import { repeated } from "./listener.ts";
import { rulesFor } from "./rule.ts";

/** How the fields of a Service fit together. */
export const serviceRules = rulesFor<Service["spec"]>(
  "Service",
  ["spec"],
  [
    {
      name: "a Service has ports unless it is headless or a name",
      check: ({ type, clusterIP, ports = [] }) =>
        ports.length === 0 && clusterIP !== "None" && type !== "ExternalName" ? "must have ports" : undefined,
    },
    {
      name: "an ExternalName Service has an externalName",
      check: ({ type, externalName }) =>
        type === "ExternalName" && (externalName ?? "") === ""
          ? "must have externalName when its type is ExternalName"
          : undefined,
    },
    {
      name: "an ExternalName Service has no clusterIP",
      check: ({ type, clusterIP }) =>
        type === "ExternalName" && (clusterIP ?? "") !== ""
          ? "must not have clusterIP when its type is ExternalName"
          : undefined,
    },
    {
      name: "several ports of a Service have names",
      check: ({ ports = [] }) =>
        ports.length > 1 && ports.some(({ name }) => (name ?? "") === "")
          ? "must name each port when it has several"
          : undefined,
    },
    {
      name: "port names of a Service are unique",
      check: ({ ports = [] }) =>
        repeated(
          ports.flatMap(({ name }) => (name === undefined ? [] : [name])),
          (name) => `has two ports named ${name}`,
        ),
    },
    {
      name: "port and protocol of a Service are unique",
      check: ({ ports = [] }) =>
        repeated(
          ports.map(({ port, protocol }) => `${port}/${protocol}`),
          (port) => `has the port ${port} twice`,
        ),
    },
  ],
);
