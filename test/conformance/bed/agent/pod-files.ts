import type { Pod } from "./pod.ts";

/** The name that a pod's processes see as their host's. */
export function hostnameOf(pod: Pod): string {
  const own = pod.spec.hostname ?? pod.metadata.name;
  // The kernel and the API agree on 63 characters.
  return (pod.spec.hostNetwork === true ? (pod.spec.nodeName ?? own) : own).slice(0, 63).replace(/[-.]+$/, "");
}

/** The pod's /etc/hosts. */
export function hostsText(pod: Pod, address: string, clusterDomain: string): string {
  const hostname = hostnameOf(pod);
  const { subdomain, hostAliases = [] } = pod.spec;
  const full = subdomain && `${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}`;
  const lines = [
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    `${address}\t${full === undefined ? hostname : `${full}\t${hostname}`}`,
    ...hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** The pod's /etc/resolv.conf: the cluster's DNS, with the search list that makes short names of Services work. */
export function resolverText(pod: Pod, nameServer: string, clusterDomain: string): string {
  const search = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return `nameserver ${nameServer}\nsearch ${search.join(" ")}\noptions ndots:5\n`;
}
