import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BinaryPaths } from "./binaries.ts";
import { type BedLayout, bedNetwork } from "./layout.ts";
import { type BedCredentials, type Credential, kubeconfigOf } from "./pki.ts";

/** One program of the cluster: its name in logs, and its command line. */
export interface Component {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** What the command lines of the cluster's programs are made of. */
export interface ControlPlaneInputs {
  readonly binaries: BinaryPaths;
  readonly layout: BedLayout;
  readonly credentials: BedCredentials;
}

/** The store and the API server, which all others need. */
export function apiComponents({ binaries, credentials }: ControlPlaneInputs): readonly Component[] {
  return [
    { name: "etcd", command: [binaries.kube, "etcd", ...etcdFlags] },
    { name: "kube-apiserver", command: [binaries.kube, "kube-apiserver", ...apiServerFlags(credentials)] },
  ];
}

/** The programs that can start once the API server answers. Writes the files that they read. */
export function clusterComponents({ binaries, layout, credentials }: ControlPlaneInputs): readonly Component[] {
  const file = (name: string, text: string): string => {
    const path = join(layout.credentials, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const kubeconfig = (name: string, credential: Credential): string =>
    file(`${name}.kubeconfig`, kubeconfigOf(credentials.authorityPem, credential));
  const manager = kubeconfig("controller-manager", credentials.controllerManager);
  const proxy = file("proxy.json", JSON.stringify(proxyConfiguration(kubeconfig("proxy", credentials.proxy))));
  const corefile = file("Corefile", corefileFor(layout.kubeconfig));
  return [
    {
      name: "kube-controller-manager",
      command: [binaries.kube, "kube-controller-manager", ...controllerManagerFlags(manager, credentials)],
    },
    { name: "kube-proxy", command: [binaries.kube, "kube-proxy", `--config=${proxy}`] },
    { name: "coredns", command: [binaries.coredns, "-conf", corefile] },
  ];
}

const etcdFlags = [
  // In the memory of the bed: nothing of it is to survive.
  "--data-dir=/run/etcd",
  "--listen-client-urls=http://127.0.0.1:2379",
  "--advertise-client-urls=http://127.0.0.1:2379",
  "--listen-peer-urls=http://127.0.0.1:2380",
  "--unsafe-no-fsync",
  "--log-level=error",
];

function apiServerFlags(credentials: BedCredentials): readonly string[] {
  const { apiServer, admin, authorityFile, serviceAccountKeyFile } = credentials;
  return [
    "--etcd-servers=http://127.0.0.1:2379",
    "--bind-address=0.0.0.0",
    `--advertise-address=${bedNetwork.nodeAddress}`,
    `--secure-port=${bedNetwork.apiServerPort}`,
    `--tls-cert-file=${apiServer.certificateFile}`,
    `--tls-private-key-file=${apiServer.keyFile}`,
    `--client-ca-file=${authorityFile}`,
    `--service-account-key-file=${serviceAccountKeyFile}`,
    `--service-account-signing-key-file=${serviceAccountKeyFile}`,
    `--service-account-issuer=https://kubernetes.default.svc.${bedNetwork.clusterDomain}`,
    "--authorization-mode=RBAC",
    `--service-cluster-ip-range=${bedNetwork.serviceCidr}`,
    "--allow-privileged=true",
    `--kubelet-client-certificate=${admin.certificateFile}`,
    `--kubelet-client-key=${admin.keyFile}`,
    `--kubelet-certificate-authority=${authorityFile}`,
    // It would look the node's name up otherwise.
    "--kubelet-preferred-address-types=InternalIP",
    "--endpoint-reconciler-type=lease",
    // Tests may write as fast as they can.
    "--max-requests-inflight=3000",
    "--max-mutating-requests-inflight=1500",
  ];
}

/** The controllers that the bed's tests rely on. Those that judge a node's health would find no kubelet's heartbeat. */
const controllers = [
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemonset-controller",
  "job-controller",
  "endpointslice-controller",
  "endpointslice-mirroring-controller",
  "endpoints-controller",
  "namespace-controller",
  "serviceaccount-controller",
  "serviceaccount-token-controller",
  "root-ca-certificate-publisher-controller",
  "garbage-collector-controller",
  "disruption-controller",
  "horizontal-pod-autoscaler-controller",
  "resourcequota-controller",
  "clusterrole-aggregation-controller",
];

function controllerManagerFlags(kubeconfig: string, credentials: BedCredentials): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    "--leader-elect=false",
    `--service-account-private-key-file=${credentials.serviceAccountKeyFile}`,
    `--root-ca-file=${credentials.authorityFile}`,
    "--use-service-account-credentials=true",
    "--kube-api-qps=500",
    "--kube-api-burst=1000",
    "--bind-address=127.0.0.1",
    "--concurrent-endpoint-syncs=10",
    "--concurrent-service-endpoint-syncs=10",
    `--controllers=${controllers.join(",")}`,
  ];
}

function proxyConfiguration(kubeconfig: string): unknown {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: bedNetwork.nodeName,
    clusterCIDR: bedNetwork.podCidr,
    clientConnection: { kubeconfig },
    metricsBindAddress: "127.0.0.1:10249",
    healthzBindAddress: "127.0.0.1:10256",
    nftables: { minSyncPeriod: "100ms", syncPeriod: "30s" },
    // The machine's own limits are not the bed's to change.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
}

function corefileFor(kubeconfig: string): string {
  return `.:53 {
  bind ${bedNetwork.nodeAddress}
  errors
  kubernetes ${bedNetwork.clusterDomain} in-addr.arpa {
    kubeconfig ${kubeconfig} bed
    ttl 1
  }
}
`;
}
