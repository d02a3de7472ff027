/** How a proxy shows who it is to the control plane, and checks who that is. */

/** Files with a proxy's certificate, its key, and the authority that the control plane's certificate has to be of. */
export interface ControlPlaneTls {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly authorityFile: string;
  /** DNS name in the control plane's certificate. */
  readonly serverName: string;
  /**
   * A folder with {@link credentialSecrets}. With it, Envoy reads certificates anew whenever they are moved into place;
   * without it, once at start.
   */
  readonly secretsFolder?: string;
}

/**
 * The files by which Envoy finds its certificates, by name. Only what comes as a secret is read again when it is renewed:
 * a file that a TLS context names itself is read once.
 */
export function credentialSecrets({
  certificateFile,
  keyFile,
  authorityFile,
}: Pick<ControlPlaneTls, "certificateFile" | "keyFile" | "authorityFile">): ReadonlyMap<string, object> {
  // Certificates are renewed by moving a folder's files into place, as Kubernetes does.
  const watched = { watched_directory: { path: folderOf(certificateFile) } };
  const certificate = { certificate_chain: { filename: certificateFile }, private_key: { filename: keyFile } };
  const validation = { trusted_ca: { filename: authorityFile } };
  return new Map([
    [`${certificateName}.json`, secretFile(certificateName, { tls_certificate: { ...certificate, ...watched } })],
    [`${authorityName}.json`, secretFile(authorityName, { validation_context: { ...validation, ...watched } })],
  ]);
}

/** The transport socket of the cluster that is the control plane. */
export function controlPlaneSocket(tls: ControlPlaneTls): object {
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: tls.serverName,
      common_tls_context: {
        // The control plane speaks 1.3 only, and Envoy as a client stops at 1.2 unless told.
        tls_params: { tls_minimum_protocol_version: "TLSv1_3", tls_maximum_protocol_version: "TLSv1_3" },
        ...(tls.secretsFolder === undefined ? readOnce(tls) : readAnew(tls, tls.secretsFolder)),
      },
    },
  };
}

const certificateName = "tls-certificate";
const authorityName = "tls-authority";

function readOnce({ certificateFile, keyFile, authorityFile, serverName }: ControlPlaneTls): object {
  const certificate = { certificate_chain: { filename: certificateFile }, private_key: { filename: keyFile } };
  return {
    tls_certificates: [certificate],
    validation_context: { trusted_ca: { filename: authorityFile }, ...expectedName(serverName) },
  };
}

function readAnew({ serverName }: ControlPlaneTls, folder: string): object {
  const fromFile = (name: string) => ({
    name,
    sds_config: { path_config_source: { path: `${folder}/${name}.json` }, resource_api_version: "V3" },
  });
  return {
    tls_certificate_sds_secret_configs: [fromFile(certificateName)],
    combined_validation_context: {
      default_validation_context: expectedName(serverName),
      validation_context_sds_secret_config: fromFile(authorityName),
    },
  };
}

function expectedName(serverName: string): object {
  return { match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: serverName } }] };
}

function secretFile(name: string, secret: object): object {
  const type = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
  return { resources: [{ "@type": type, name, ...secret }] };
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(1, file.lastIndexOf("/")));
}
