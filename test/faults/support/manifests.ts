import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A manifest as it is written to a file. */
export type Manifest = Readonly<Record<string, unknown>>;

/** A folder of manifests that is edited as editors do it: a whole file at a time. */
export interface Manifests {
  readonly path: string;
  write(file: string, ...objects: readonly Manifest[]): Promise<void>;
  remove(file: string): Promise<void>;
  end(): Promise<void>;
}

/** Makes an empty folder. */
export async function createManifests(): Promise<Manifests> {
  const path = await mkdtemp(join(tmpdir(), "gatehouse-fault-"));
  return {
    path,
    write: async (file, ...objects) => {
      const target = join(path, file);
      const aside = join(dirname(target), `.${file.replaceAll("/", "_")}`);
      await mkdir(dirname(target), { recursive: true });
      // JSON is YAML.
      await writeFile(aside, objects.map((object) => `${JSON.stringify(object)}\n`).join("---\n"));
      await rename(aside, target);
    },
    remove: (file) => rm(join(path, file)),
    end: () => rm(path, { recursive: true, force: true }),
  };
}

/** A listener of a Gateway as tests write it. */
export interface ListenerFields {
  readonly name: string;
  readonly port: number;
  readonly hostname?: string;
  /** The Secret with its certificate; without one it speaks plain HTTP. */
  readonly secret?: string;
}

/** The class and a Gateway that takes routes from everywhere. */
export function platform(gateway: string, ...listeners: readonly ListenerFields[]): readonly Manifest[] {
  return [
    {
      ...gatewayApi("GatewayClass", { name: "gatehouse" }),
      spec: { controllerName: "gatehouse.dev/gateway-controller" },
    },
    namespace("infra"),
    gatewayOf(gateway, ...listeners),
  ];
}

/** A Gateway of namespace infra. */
export function gatewayOf(name: string, ...listeners: readonly ListenerFields[]): Manifest {
  return {
    ...gatewayApi("Gateway", { name, namespace: "infra" }),
    spec: {
      gatewayClassName: "gatehouse",
      listeners: listeners.map(({ secret, ...fields }) => ({
        ...fields,
        protocol: secret === undefined ? "HTTP" : "HTTPS",
        ...(secret !== undefined && { tls: { certificateRefs: [{ name: secret }] } }),
        allowedRoutes: { namespaces: { from: "All" } },
      })),
    },
  };
}

export function namespace(name: string): Manifest {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

/** A Service with its endpoints. */
export function service(name: string, { addresses, port }: { addresses: readonly string[]; port: number }) {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { ports: [{ name: "http", port: 80, targetPort: port }] },
    },
    endpointSlice(name, { addresses, port }),
  ] as const;
}

export function endpointSlice(
  name: string,
  { addresses, port }: { readonly addresses: readonly string[]; readonly port: number },
): Manifest {
  const labels = { "kubernetes.io/service-name": name };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace: "shop", labels },
    addressType: "IPv4",
    ports: [{ name: "http", port }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

/** What a route leads to, rule by rule. */
export interface RuleFields {
  readonly path: string;
  readonly backend: string;
  /** A header that a request must have. */
  readonly header?: string;
}

/** A route of namespace shop for one hostname. */
export function route(
  name: string,
  {
    host,
    gateway = "shared",
    rules,
  }: { readonly host: string; readonly gateway?: string; rules: readonly RuleFields[] },
): Manifest {
  return {
    ...gatewayApi("HTTPRoute", { name, namespace: "shop" }),
    spec: {
      parentRefs: [{ name: gateway, namespace: "infra" }],
      hostnames: [host],
      rules: rules.map(({ path, backend, header }) => ({
        matches: [
          {
            path: { type: "PathPrefix", value: path },
            ...(header !== undefined && { headers: [{ name: header, value: "yes" }] }),
          },
        ],
        backendRefs: [{ name: backend, port: 80 }],
      })),
    },
  };
}

/** A Secret of namespace infra that holds a certificate. */
export function tlsSecret(
  name: string,
  { certificatePem, keyPem }: { readonly certificatePem: string; readonly keyPem: string },
): Manifest {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "infra" },
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(certificatePem), "tls.key": base64(keyPem) },
  };
}

function gatewayApi(kind: string, metadata: object): Manifest {
  return { apiVersion: "gateway.networking.k8s.io/v1", kind, metadata };
}

/** A policy of namespace shop for a whole Service; the authorities are the system's unless the validation says. */
export function backendTlsPolicy(
  name: string,
  { service, validation }: { readonly service: string; readonly validation: Readonly<Record<string, unknown>> },
): Manifest {
  const authorities = "caCertificateRefs" in validation ? {} : { wellKnownCACertificates: "System" };
  return {
    ...gatewayApi("BackendTLSPolicy", { name, namespace: "shop" }),
    spec: {
      targetRefs: [{ group: "", kind: "Service", name: service }],
      validation: { ...authorities, ...validation },
    },
  };
}

/** A ConfigMap of namespace shop with authorities. */
export function authorities(name: string, pem: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data: { "ca.crt": pem } };
}
