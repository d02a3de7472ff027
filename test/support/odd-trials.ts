import type { Reader } from "../../src/collection/collection.ts";
import { readCaBundle } from "../../src/translate/ca-bundle.ts";
import { readCertificate } from "../../src/translate/certificate.ts";
import { eventually, startEnvoy } from "./envoy.ts";
import { tlsSecret } from "./gateway-objects.ts";
import { oddCases } from "./odd-cases.ts";
import { oddCertificate, pemOfDer, pemOfKey } from "./odd-certificates.ts";

const read: Reader = { get: () => undefined };
/** Of the certificate before a member of a chain. */
export const usual = pemOfDer(oddCertificate());
const keyPem = pemOfKey();

/** Where a certificate may stand. */
type Place = "serves" | "is shown" | "stands in a chain" | "is trusted by a listener" | "is trusted by a cluster";

/** A certificate in a place. */
interface Trial {
  readonly name: string;
  readonly place: Place;
  readonly pem: string;
  /** What our checks say; undefined where it passes. */
  readonly problem: string | undefined;
}

/** Every odd certificate in every place. */
function oddTrials(): readonly Trial[] {
  return oddCases.flatMap(({ name, parts }) => {
    const pem = pemOfDer(oddCertificate(parts));
    const trial = (place: Place, of: string, problem: string | undefined): Trial => {
      return { name: `${name} ${place}`, place, pem: of, problem };
    };
    return [
      trial("serves", pem, secretProblem(pem, "serve")),
      trial("is shown", pem, secretProblem(pem, "show")),
      trial("stands in a chain", usual + pem, secretProblem(usual + pem, "serve")),
      trial("is trusted by a listener", pem, bundleProblem(pem)),
      trial("is trusted by a cluster", pem, bundleProblem(pem)),
    ];
  });
}

/** What our checks say of a Secret with these certificates and the usual key. */
export function secretProblem(certificatePem: string, purpose: "serve" | "show"): string | undefined {
  const [output] = [...readCertificate(read, "a/b", tlsSecret("a", "b", { certificatePem, keyPem }))];
  const certificate = output?.[1];
  if (certificate?.kind === "valid") return purpose === "serve" ? certificate.unservable : undefined;
  return certificate?.message;
}

/** What they say of a ConfigMap. */
export function bundleProblem(pem: string): string | undefined {
  const metadata = { name: "b", namespace: "a", generation: 1, creationTimestamp: "1970-01-01T00:00:00Z" };
  const [output] = [
    ...readCaBundle(read, "a/b", { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "ca.crt": pem } }),
  ];
  return output?.[1].kind === "invalid" ? output[1].message : undefined;
}

/** What became of all of them in a proxy that has taken these, and what is to become of them. */
export function outcomes(taken: ReadonlySet<string>): {
  readonly told: readonly string[];
  readonly want: readonly string[];
} {
  const outcome = (name: string, isTaken: boolean) => `${name}: ${isTaken ? "taken" : "refused"}`;
  const all = oddTrials();
  return {
    told: all.map(({ name }) => outcome(name, taken.has(name))),
    want: all.map(({ name, problem }) => outcome(name, problem === undefined)),
  };
}

/** Gives a proxy a listener or a cluster for each, all at once, and tells the names of those that it has then. */
export async function takenBy(binary: string): Promise<ReadonlySet<string>> {
  const all = oddTrials();
  const isCluster = ({ place }: Trial) => place === "is shown" || place === "is trusted by a cluster";
  const file = (resources: readonly object[]) => JSON.stringify({ version_info: "1", resources });
  const source = (name: string) => ({ path_config_source: { path: `$DIR/${name}` } });
  const envoy = await startEnvoy({
    binary,
    bootstrap: {
      node: { id: "proxy", cluster: "fleet" },
      dynamic_resources: { lds_config: source("lds.json"), cds_config: source("cds.json") },
    },
    files: new Map([
      ["lds.json", file(all.filter((trial) => !isCluster(trial)).map(listenerOf))],
      ["cds.json", file(all.filter(isCluster).map(clusterOf))],
    ]),
  });
  try {
    // Of resources that are read together some are refused, so it says no to the whole.
    await eventually("it has looked at all", async () => {
      const stats = await envoy.stats("update_(success|rejected)");
      const looked = ["listener_manager.lds", "cluster_manager.cds"].map(
        (of) => (stats.get(`${of}.update_success`) ?? 0) + (stats.get(`${of}.update_rejected`) ?? 0),
      );
      return looked.every((count) => count > 0);
    });
    const parts = (await envoy.configDump()) as readonly Dump[];
    return new Set([
      ...parts.flatMap(({ dynamic_listeners = [] }) => dynamic_listeners.flatMap(nameOfListener)),
      ...parts.flatMap(({ dynamic_active_clusters = [] }) =>
        dynamic_active_clusters.map(({ cluster }) => cluster.name),
      ),
    ]);
  } finally {
    await envoy.stop();
  }
}

interface Dump {
  readonly dynamic_listeners?: readonly DumpedListener[];
  readonly dynamic_active_clusters?: readonly { readonly cluster: { readonly name: string } }[];
}

interface DumpedListener {
  readonly name: string;
  /** Refused ones are told of too. */
  readonly active_state?: object;
}

function nameOfListener({ name, active_state }: DumpedListener): readonly string[] {
  return active_state === undefined ? [] : [name];
}

function listenerOf({ name, place, pem }: Trial): object {
  const validation = place === "is trusted by a listener" ? validationBy(pem) : {};
  const certificate = certificateOf(place === "is trusted by a listener" ? usual : pem);
  return {
    "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
    name,
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ transport_socket: tlsSocket("Downstream", { ...certificate, ...validation }) }],
  };
}

function clusterOf({ name, place, pem }: Trial): object {
  return {
    "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    name,
    type: "STATIC",
    load_assignment: { cluster_name: name },
    transport_socket: tlsSocket("Upstream", place === "is shown" ? certificateOf(pem) : validationBy(pem)),
  };
}

function certificateOf(pem: string): object {
  return {
    tls_certificates: [{ certificate_chain: { inline_string: pem }, private_key: { inline_string: keyPem } }],
  };
}

function validationBy(pem: string): object {
  return { validation_context: { trusted_ca: { inline_string: pem } } };
}

function tlsSocket(side: "Downstream" | "Upstream", common_tls_context: object): object {
  const type = `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${side}TlsContext`;
  return { name: "envoy.transport_sockets.tls", typed_config: { "@type": type, common_tls_context } };
}
